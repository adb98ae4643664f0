/** Templates: liquidjs with inheritance, automatic escaping, and Django's `url`, `static` and `translate`. */

import type { TopLevelToken, ValueToken } from 'liquidjs';
import {
  type Emitter,
  evalToken,
  Hash,
  Liquid,
  type Context as Scope,
  Tag,
  type TagToken,
} from 'liquidjs';
import { CSRF_FIELD } from './csrf.ts';
import type { Translator } from './i18n.ts';
import type { Message } from './sessions.ts';

/** Renders template files. */
export interface Templates {
  /**
   * Renders `name` ("polls/index.html"), looked up in each template folder in turn. Rejects where
   * the template is missing, malformed, or names a variable that is not in `context`.
   */
  render(
    name: string,
    context: Readonly<Record<string, unknown>>,
    page: PageFacts,
  ): Promise<string>;
  /** Rejects where `name` is missing or malformed. The templates that it names are not looked at. */
  parse(name: string): Promise<void>;
}

/** What every template knows of the page it makes. */
export interface PageFacts {
  /** Code of its language: "de". */
  readonly language: string;
  /** Where a switch of the language leads back to: `page_address`. */
  readonly address: string;
  /** Who is logged in: `user`, else null. */
  readonly user?: { readonly name: string; readonly isStaff: boolean };
  /** The messages to show now. Called where a template names `messages`. */
  takeMessages(): readonly Message[];
  /** A token for a form. Called where a template says `{% csrf_token %}`. */
  csrfToken(): string;
}

/** What templates need to know of the site. */
export interface TemplateOptions {
  /** Template folders, tried in order. */
  readonly folders: readonly string[];
  /** One for each language; the first serves where a page names none. */
  readonly translators: readonly Translator[];
  /** Time zone of the `date` filter, an IANA name: "Europe/Paris". */
  readonly timeZone: string;
  /** Reads each template again for every page, for people who are changing them. */
  readonly reload: boolean;
  /** The address that `{% static 'polls/polls.css' %}` writes. */
  staticAddress(name: string): string;
  /** Resolves `{% url 'polls:detail' question.id %}`. */
  reverse(name: string, ...values: readonly unknown[]): string;
}

/** Builds the template engine. Whatever `{{ }}` writes is escaped unless it says `| raw`. */
export function createTemplates(options: TemplateOptions): Templates {
  const engines = new Map<string, Liquid>();
  for (const translator of options.translators) {
    engines.set(translator.language.code, createEngine(options, translator));
  }
  const languages = options.translators.map(({ language }) => language);
  return {
    async render(name, context, page) {
      const language = languages.find(({ code }) => code === page.language) ?? languages[0];
      const engine = engines.get(language?.code ?? '');
      if (engine === undefined) throw new Error('a site needs a language');
      const globals = globalsOf(page, { language, languages });
      const html: unknown = await engine.renderFile(name, context, { globals });
      return String(html);
    },
    async parse(name) {
      await engines.get(languages[0]?.code ?? '')?.parseFile(name);
    },
  };
}

/** What is taken or made only where a template names it is a getter; naming it twice gives the same. */
function globalsOf(page: PageFacts, languages: object): object {
  let messages: readonly Message[] | undefined;
  let token: string | undefined;
  return {
    ...languages,
    page_address: page.address,
    user: page.user ?? null,
    get messages() {
      messages ??= page.takeMessages();
      return messages;
    },
    get csrf_token() {
      token ??= page.csrfToken();
      return token;
    },
  };
}

function createEngine(options: TemplateOptions, translator: Translator): Liquid {
  const engine = new Liquid({
    root: [...options.folders],
    relativeReference: false,
    cache: !options.reload,
    outputEscape: 'escape',
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    timezoneOffset: options.timeZone,
    locale: translator.language.locale,
  });
  engine.registerTag(
    'url',
    outputTag((name, ...values) => options.reverse(String(name), ...values)),
  );
  engine.registerTag(
    'static',
    outputTag((name) => options.staticAddress(String(name))),
  );
  engine.registerTag('csrf_token', CsrfTokenTag);
  engine.registerTag('translate', translateTag(translator));
  engine.registerFilter('translate', (id: unknown) => translator.gettext(String(id)));
  // `{{ 1 | pluralize: 'vote' }}` is "1 vote"; its message id is "{count} vote".
  engine.registerFilter('pluralize', (count: unknown, one: string, many = `${one}s`) =>
    translator.ngettext(`{count} ${one}`, `{count} ${many}`, Number(count)),
  );
  // `{{ 'vote' | plural_forms }}` is JSON, for a script: {"one":"{count} vote",...}.
  engine.registerFilter('plural_forms', (one: string, many = `${one}s`) =>
    JSON.stringify(translator.pluralForms(`{count} ${one}`, `{count} ${many}`)),
  );
  engine.registerFilter('long_date', (value: string) => translator.date(new Date(value)));
  engine.registerFilter('date_time', (value: string) => translator.dateTime(new Date(value)));
  engine.registerFilter('percent', (value: unknown) => translator.percent(Number(value)));
  return engine;
}

/** `{% csrf_token %}`: the hidden field that every form needs (Django's tag). */
class CsrfTokenTag extends Tag {
  *render(scope: Scope, emitter: Emitter): Generator<unknown, void, unknown> {
    const token = String(yield scope.get(['csrf_token']));
    emitter.write(`<input type="hidden" name="${CSRF_FIELD}" value="${escapeHtml(token)}">`);
  }
}

/** `{% translate 'Page {number} of {pages}', number: 2, pages: 3 %}`: the English text is the message id. */
function translateTag(translator: Translator) {
  return class extends Tag {
    readonly #id: ValueToken;
    readonly #values: Hash;

    constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
      super(token, remaining, liquid);
      this.tokenizer.skipBlank();
      this.#id = this.tokenizer.readValueOrThrow();
      this.#values = new Hash(this.tokenizer);
    }

    *render(scope: Scope, emitter: Emitter): Generator<unknown, void, unknown> {
      const id = String(yield evalToken(this.#id, scope));
      const values = (yield this.#values.render(scope)) as Record<string, unknown>;
      emitter.write(escapeHtml(translator.gettext(id, values)));
    }
  };
}

/** A tag that writes what `compute` makes of its space-separated arguments, escaped. */
function outputTag(compute: (...values: readonly unknown[]) => string) {
  return class extends Tag {
    readonly #values: ValueToken[] = [];

    constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
      super(token, remaining, liquid);
      this.tokenizer.skipBlank();
      while (!this.tokenizer.end()) {
        this.#values.push(this.tokenizer.readValueOrThrow());
        this.tokenizer.skipBlank();
      }
    }

    *render(scope: Scope, emitter: Emitter): Generator<unknown, void, unknown> {
      const values: unknown[] = [];
      for (const value of this.#values) values.push(yield evalToken(value, scope));
      emitter.write(escapeHtml(compute(...values)));
    }
  };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#39;');
}
