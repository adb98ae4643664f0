/** Reads the few things out of the pages of the polls that people and browsers go by. */

/** A form as a browser sees it. */
export interface Form {
  readonly action: string;
  /** Name and value of each hidden field. */
  readonly hidden: readonly (readonly [name: string, value: string])[];
}

/** What a page says, whatever it looks like. Parts that it has not are empty. */
export interface PageFacts {
  readonly heading: string;
  /** When the question was published, ISO 8601. */
  readonly published: string;
  /** The list of polls: where each leads, its question, its votes. */
  readonly polls: readonly string[];
  /** Where the form to vote leads. */
  readonly voteAt: string;
  /** The choices of the form: value and text. */
  readonly choices: readonly string[];
  /** What is said to who chose nothing. */
  readonly error: string;
  /** Each choice with its share and its votes, as text, and its bar. */
  readonly results: readonly string[];
}

/** Reads the facts of a page; its markup may differ in all else. */
export function factsOf(html: string): PageFacts {
  return {
    heading: textOf(first(html, /<h1>(.*?)<\/h1>/s)),
    published: instantOf(first(html, /<h1>.*?<time datetime="([^"]*)"/s)),
    polls: all(html, /<a class="poll-card" href="([^"]*)">(.*?)<\/a>/gs).map(
      ([href, content]) =>
        `${href} ${instantOf(first(content!, /datetime="(.*?)"/))} ${textOf(content!)}`,
    ),
    voteAt: first(html, /<form class="vote" action="([^"]*)" method="post">/),
    choices: all(html, /<input type="radio" name="choice" value="(\d+)">(.*?)<\/label>/gs).map(
      ([value, content]) => `${value} ${textOf(content!)}`,
    ),
    error: textOf(first(html, /role="alert">(.*?)<\/p>/s)),
    results: all(html, /<li class="result( leads)?">(.*?)<\/li>/gs).map(
      ([, content]) =>
        `${textOf(content!)} ${first(content!, /<progress (max="\d+" value="\d+")/)}`,
    ),
  };
}

/** The form of a page that leads to `action`. Throws where there is none. */
export function formOf(html: string, action: string): Form {
  for (const [attributes, content] of all(html, /<form\b([^>]*)>(.*?)<\/form>/gs)) {
    if (attributeOf(attributes!, 'action') !== action) continue;
    const inputs = all(content!, /<input\b([^>]*)>/g).map(([text]) => text!);
    const hidden = inputs
      .filter((text) => attributeOf(text, 'type') === 'hidden')
      .map((text) => [attributeOf(text, 'name'), attributeOf(text, 'value')] as const);
    return { action, hidden };
  }
  throw new Error(`no form leads to ${action} in\n${html}`);
}

function attributeOf(attributes: string, name: string): string {
  return decoded(first(attributes, new RegExp(`\\b${name}="([^"]*)"`)));
}

function textOf(html: string): string {
  return decoded(html.replaceAll(/<[^>]*>/g, ' '))
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** "2026-01-31T12:00:00.000Z" and "2026-01-31T12:00:00+00:00" are one instant. */
function instantOf(text: string): string {
  return text === '' ? '' : new Date(text).toISOString();
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function decoded(text: string): string {
  return text.replaceAll(/&(#x?)?(\w+);/g, (whole, number: string | undefined, word: string) => {
    if (number === undefined) return NAMED[word] ?? whole;
    return String.fromCodePoint(Number.parseInt(word, number === '#' ? 10 : 16));
  });
}

function first(text: string, pattern: RegExp): string {
  return pattern.exec(text)?.[1] ?? '';
}

/** The groups of each match. */
function all(text: string, pattern: RegExp): readonly (readonly (string | undefined)[])[] {
  return Array.from(text.matchAll(pattern), (match) => match.slice(1));
}
