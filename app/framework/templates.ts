/** Templates: liquidjs with inheritance, automatic escaping, and Django's `url` and `static` tags. */

import type { TopLevelToken, ValueToken } from 'liquidjs';
import {
  type Emitter,
  evalToken,
  Liquid,
  type Context as Scope,
  Tag,
  type TagToken,
} from 'liquidjs';

/** Renders template files. */
export interface Templates {
  /**
   * Renders `name` ("polls/index.html"), looked up in each template folder in turn. Rejects where
   * the template is missing, malformed, or names a variable that is not in `context`.
   */
  render(name: string, context: Readonly<Record<string, unknown>>): Promise<string>;
}

/** What templates need to know of the site. */
export interface TemplateOptions {
  /** Template folders, tried in order. */
  readonly folders: readonly string[];
  /** Prefix of `{% static 'polls/polls.css' %}`: "/static/". */
  readonly staticUrl: string;
  /** Time zone of the `date` filter, an IANA name: "Europe/Paris". */
  readonly timeZone: string;
  /** Reads each template again for every page, for people who are changing them. */
  readonly reload: boolean;
  /** Resolves `{% url 'polls:detail' question.id %}`. */
  reverse(name: string, ...values: readonly unknown[]): string;
}

/** Builds the template engine. Whatever `{{ }}` writes is escaped unless it says `| raw`. */
export function createTemplates(options: TemplateOptions): Templates {
  const engine = new Liquid({
    root: [...options.folders],
    relativeReference: false,
    cache: !options.reload,
    outputEscape: 'escape',
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    timezoneOffset: options.timeZone,
    locale: 'en',
  });
  engine.registerTag(
    'url',
    outputTag((name, ...values) => options.reverse(String(name), ...values)),
  );
  engine.registerTag(
    'static',
    outputTag((file) => options.staticUrl + String(file)),
  );
  engine.registerFilter('pluralize', pluralize);
  return {
    async render(name, context) {
      const html: unknown = await engine.renderFile(name, context);
      return String(html);
    },
  };
}

/** `{{ 1 | pluralize: 'vote' }}` is "1 vote", `{{ 2 | pluralize: 'vote' }}` is "2 votes". */
function pluralize(count: unknown, one: string, many = `${one}s`): string {
  return `${Number(count).toLocaleString('en')} ${Number(count) === 1 ? one : many}`;
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
