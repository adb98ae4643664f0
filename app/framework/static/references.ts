/** Where a style sheet or script names other files: `url()`, `@import`, `import`, source maps. */

import { init, parse } from 'es-module-lexer';

/** One place in a text that names another file. */
export interface Reference {
  /** As it is meant: escapes are undone. */
  readonly url: string;
  /** What to replace in the text: from `start` up to `end`, without quotes. */
  readonly start: number;
  readonly end: number;
  /** Nobody but a person's tools asks for it: a source map, which may be missing. */
  readonly isForTools: boolean;
}

/** Of the file's name; other files name nothing that is rewritten. */
export function mayHaveReferences(name: string): boolean {
  return /\.(css|js|mjs)$/i.test(name);
}

/** Every reference of `text`, in its order. Throws where a script does not parse, with the line. */
export async function findReferences(name: string, text: string): Promise<readonly Reference[]> {
  const found = /\.css$/i.test(name) ? styleReferences(text) : await scriptReferences(name, text);
  return found.sort((one, other) => one.start - other.start);
}

/** The line of `text`, from 1, in which `position` stands. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

const QUOTED = String.raw`"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'`;

/**
 * Tokens of CSS in which a URL stands, and those in which none is meant: comments and other texts.
 * A name may end in "url" (`my-url(`), and an escape may hold a bracket or quote (CSS Syntax 4.3).
 */
const STYLE_TOKEN = new RegExp(
  String.raw`/\*[\s\S]*?(?:\*/|$)|(?<![\w-])url\(\s*(?:${QUOTED}|((?:[^)'"\s\\]|\\.)+))\s*\)|@import\s+(?:${QUOTED})|${QUOTED}`,
  'dgi',
);
/** The groups of STYLE_TOKEN that hold a URL; those after them hold other texts. */
const URL_GROUPS = [1, 2, 3, 4, 5];

function styleReferences(text: string): Reference[] {
  const references: Reference[] = [];
  for (const token of text.matchAll(STYLE_TOKEN)) {
    if (token[0].startsWith('/*')) {
      references.push(...sourceMaps(token[0], token.index));
      continue;
    }
    const span = URL_GROUPS.map((group) => token.indices![group]).find((one) => one !== undefined);
    if (span === undefined) continue;
    const [start, end] = span;
    const url = text.slice(start, end).replace(/\\([^0-9a-fA-F])/g, '$1');
    references.push({ url, start, end, isForTools: false });
  }
  return references;
}

async function scriptReferences(name: string, text: string): Promise<Reference[]> {
  await init;
  const references = sourceMaps(text, 0);
  for (const { type, specifier, start, end } of parseScript(name, text)) {
    // `import 'vue'` names no file: the page's import map says what it is.
    if (typeof specifier !== 'string' || !/^\.{0,2}\//.test(specifier)) continue;
    // The span of a dynamic import has the quotes; one that is computed begins or ends with none.
    const quoted = type === 'dynamic' ? 1 : 0;
    if (quoted === 1 && !/^(["'])[^"'\\]*\1$/.test(text.slice(start, end))) continue;
    references.push({
      url: specifier,
      start: start + quoted,
      end: end - quoted,
      isForTools: false,
    });
  }
  return references;
}

function parseScript(name: string, text: string) {
  try {
    return parse(text)[0];
  } catch (cause) {
    const position = cause instanceof Error && 'idx' in cause ? Number(cause.idx) : 0;
    throw new Error(`${name}:${lineAt(text, position)}: this script does not parse`, { cause });
  }
}

/** `//# sourceMappingURL=site.js.map`, in CSS inside of a comment (ECMA-426 11.1). */
function sourceMaps(text: string, offset: number): Reference[] {
  return [...text.matchAll(/(?:^|[\n\s])\/[/*][#@]\s*sourceMappingURL=([^\s'"*]+)/dg)].map(
    (match) => {
      const [start, end] = match.indices![1]!;
      return { url: match[1]!, start: offset + start, end: offset + end, isForTools: true };
    },
  );
}
