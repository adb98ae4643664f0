/** Languages: catalogues whose message ids are the English texts, plural forms and dates by Intl. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from './errors.ts';

/** A language of the site. */
export interface Language {
  /** As in `lang` and Accept-Language: "de". */
  readonly code: string;
  /** In the language itself: "Deutsch". */
  readonly name: string;
  /** The locale of dates and numbers: "en-GB". */
  readonly locale: string;
}

/** Translations by message id; of a text that counts, one for each plural category of the language. */
export type Catalogue = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** Values for the `{names}` of a message. */
export type MessageValues = Readonly<Record<string, unknown>>;

/** Reads `<code>.json` of `folder`; a language without a file, such as English, has no catalogue. */
export function readCatalogue(folder: string, { code }: Language): Catalogue {
  try {
    return JSON.parse(readFileSync(join(folder, `${code}.json`), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return {};
    throw new Error(`cannot read the catalogue "${code}.json"`, { cause: error });
  }
}

/** Marks a text of the code for translation (Django's gettext_noop); a template translates it. */
export function message(text: string): string {
  return text;
}

/** Says things in one language. */
export class Translator {
  readonly language: Language;
  readonly #catalogue: Catalogue;
  readonly #plurals: Intl.PluralRules;
  readonly #numbers: Intl.NumberFormat;
  readonly #percents: Intl.NumberFormat;
  readonly #dates: Intl.DateTimeFormat;
  readonly #times: Intl.DateTimeFormat;

  constructor(language: Language, catalogue: Catalogue, timeZone: string) {
    this.language = language;
    this.#catalogue = catalogue;
    this.#plurals = new Intl.PluralRules(language.locale);
    this.#numbers = new Intl.NumberFormat(language.locale);
    this.#percents = new Intl.NumberFormat(language.locale, { style: 'percent' });
    this.#dates = new Intl.DateTimeFormat(language.locale, { dateStyle: 'long', timeZone });
    this.#times = new Intl.DateTimeFormat(language.locale, {
      dateStyle: 'medium',
      timeStyle: 'short',
      timeZone,
    });
  }

  /** The translation of `id`, or `id` itself where there is none. */
  gettext(id: string, values: MessageValues = {}): string {
    const found = Object.hasOwn(this.#catalogue, id) ? this.#catalogue[id] : undefined;
    return fill(typeof found === 'string' ? found : id, values);
  }

  /** The form for `count` of `one`, the message id; `{count}` becomes the number. */
  ngettext(one: string, many: string, count: number): string {
    const form = this.#form(one, many, this.#plurals.select(count));
    return fill(form, { count: this.#numbers.format(count) });
  }

  /** All forms of `one` by plural category, `{count}` left in them: for scripts, which count on. */
  pluralForms(one: string, many: string): Readonly<Record<string, string>> {
    const { pluralCategories } = this.#plurals.resolvedOptions();
    return Object.fromEntries(
      pluralCategories.map((category) => [category, this.#form(one, many, category)]),
    );
  }

  #form(one: string, many: string, category: Intl.LDMLPluralRule): string {
    const found = Object.hasOwn(this.#catalogue, one) ? this.#catalogue[one] : undefined;
    const form = typeof found === 'object' ? found[category] : undefined;
    return form ?? (category === 'one' ? one : many);
  }

  /** "1 January 2025", "1. Januar 2025". */
  date(value: Date): string {
    return this.#dates.format(value);
  }

  /** "1 Jan 2025, 14:30", "01.01.2025, 14:30". */
  dateTime(value: Date): string {
    return this.#times.format(value);
  }

  /** "33%", "33 %". */
  percent(value: number): string {
    return this.#percents.format(value / 100);
  }
}

function fill(text: string, values: MessageValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
