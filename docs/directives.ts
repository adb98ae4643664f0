/**
 * docs/directives.md: one block per directive, from the modules' own tables, with the text of nginx's
 * machine-readable reference (`@nginx/reference-lib`).
 */
import { type Directive as Entry, Format, getDirectives } from '@nginx/reference-lib';
import {
  type DirectiveRow,
  EVENTS,
  HTTP,
  LIMIT_EXCEPT,
  LOCATION,
  LOCATION_IF,
  MAIN,
  SERVER,
  SERVER_IF,
  UPSTREAM,
} from '../proxy/config/directive.ts';
import { NO_MEANING } from '../proxy/config/no-meaning.ts';
import { mainRows } from '../proxy/main-conf.ts';
import { HTTP_MODULES } from '../proxy/modules/order.ts';
import { NOTES } from './directive-notes.ts';

const CONTEXTS: readonly (readonly [bit: number, name: string])[] = [
  [MAIN, 'main'],
  [EVENTS, 'events'],
  [HTTP, 'http'],
  [SERVER, 'server'],
  [LOCATION, 'location'],
  [SERVER_IF, 'if in server'],
  [LOCATION_IF, 'if in location'],
  [LIMIT_EXCEPT, 'limit_except'],
  [UPSTREAM, 'upstream'],
];

/** A directive that Tandem reads, and what nginx's reference has of it. */
interface Known {
  readonly name: string;
  readonly contexts: readonly string[];
  readonly module: string;
  readonly entry: Entry | undefined;
  /** Why it has no effect here. */
  readonly reason: string | undefined;
}

const CORE = 'Core functionality';
const REFERENCE = getDirectives(Format.Markdown);

/** Modules whose names nginx's reference spells without the word that its sources add. */
function referenceModule(name: string): string {
  return name === 'core' ? CORE : `ngx_${name.replace(/_filter$/, '')}_module`;
}

function know(
  row: DirectiveRow<never>,
  module: string,
  reason: string | undefined = undefined,
): Known {
  const contexts = CONTEXTS.filter(([bit]) => (row.in & bit) !== 0).map(([, name]) => name);
  const same = REFERENCE.filter((entry) => entry.name === row.name && isServed(entry.module));
  const entry =
    same.find((each) => each.module === module) ??
    same.find((each) => each.contexts.some((context) => contexts.includes(context)));
  return { name: row.name, contexts, module: entry?.module ?? module, entry, reason };
}

/** What Tandem could ever read: mail, stream and nginx's own agents are other programs. */
function isServed(module: string): boolean {
  return module === CORE || module.startsWith('ngx_http_');
}

function knownDirectives(): Known[] {
  const rows = HTTP_MODULES.flatMap(({ name, directives }) =>
    directives.map((row: DirectiveRow<never>) => know(row, referenceModule(name))),
  );
  const main = mainRows.rows.map((row) => know(row as DirectiveRow<never>, CORE));
  const told = new Set([...main, ...rows].map(({ name }) => name));
  const mute = NO_MEANING.filter(({ name }) => !told.has(name)).map((row) =>
    know(row, CORE, row.reason),
  );
  return [...main, ...rows, ...mute];
}

/** nginx's text up to the end of its first paragraph; with the list or example that follows a colon. */
function meaningOf(entry: Entry): string {
  const [first = '', ...rest] = entry.description.split('\n\n');
  const parts = [first];
  while (endsOpen(parts.join('\n\n')) && rest.length > 0) parts.push(rest.shift()!);
  return parts.join('\n\n').trim();
}

/** Whether a text that was cut would stop within a list, an example or a sentence. */
function endsOpen(text: string): boolean {
  const fences = text.split('```').length - 1;
  const lastItem = text.lastIndexOf('\n- ');
  return fences % 2 === 1 || /[:;]$/.test(text) || (lastItem !== -1 && /`$/.test(text));
}

function addressOf({ module, name }: Entry): string {
  const page = module === CORE ? 'ngx_core_module' : `http/${module}`;
  return `https://nginx.org/en/docs/${page}.html#${name}`;
}

function noteOf({ name, module }: Known): string | undefined {
  const short = module.replace(/^ngx_http_|_module$/g, '');
  return NOTES[`${short} ${name}`] ?? (isAmbiguous(name) ? undefined : NOTES[name]);
}

function isAmbiguous(name: string): boolean {
  return Object.keys(NOTES).some((key) => key.endsWith(` ${name}`));
}

function syntaxOf(name: string, { syntax, isBlock }: Entry): string {
  const forms = syntax.length === 0 ? [''] : syntax;
  const end = isBlock ? '' : ';';
  return forms.map((form) => `\`${name}\` ${form.trim()}`.trim() + end).join('<br>');
}

function renderDirective(known: Known): string {
  const { name, contexts, entry, reason } = known;
  const note = noteOf(known);
  const lines = [`### ${name}`, ''];
  if (entry !== undefined) {
    lines.push(`- Syntax: ${syntaxOf(name, entry)}`);
    lines.push(`- Default: ${entry.default === '' ? 'none' : `\`${entry.default}\``}`);
  }
  lines.push(`- Context: ${contexts.join(', ')}`);
  if (reason !== undefined) lines.push(`- Here: **no effect**, ${reason}.`);
  if (note !== undefined) lines.push(`- Here: ${note}`);
  if (entry === undefined)
    return [...lines, '', 'nginx has it and does not document it.'].join('\n');
  return [...lines, '', meaningOf(entry), '', `More: <${addressOf(entry)}>`].join('\n');
}

function bySection(known: readonly Known[]): ReadonlyMap<string, Known[]> {
  const sections = new Map<string, Known[]>();
  for (const each of known) {
    const section = sections.get(each.module) ?? [];
    section.push(each);
    sections.set(each.module, section);
  }
  const rank = ([module]: readonly [string, unknown]): string =>
    module === CORE ? '0' : module === 'ngx_http_core_module' ? '1' : module;
  return new Map([...sections].sort((a, b) => compare(rank(a), rank(b))));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function renderMissing(known: readonly Known[]): string {
  const told = new Set(known.map(({ module, name }) => `${module} ${name}`));
  const missing = new Map<string, string[]>();
  for (const { module, name } of REFERENCE) {
    if (!isServed(module) || told.has(`${module} ${name}`)) continue;
    missing.set(module, [...(missing.get(module) ?? []), name]);
  }
  const lines = [...missing]
    .sort(([a], [b]) => compare(a, b))
    .map(([module, names]) => `- **${module}**: ${names.sort(compare).map(quote).join(', ')}`);
  return lines.join('\n');
}

/** The variables of a module's table; a family of names such as `http_` ends in a star. */
function renderVariables(): string {
  const lines = HTTP_MODULES.filter(({ variables }) => variables !== undefined).map(
    ({ name, variables = [] }) => {
      const names = variables.map((row) => `$${row.name}${row.isPrefix === true ? '*' : ''}`);
      return `- **${referenceModule(name)}**: ${names.sort(compare).map(quote).join(', ')}`;
    },
  );
  return lines.join('\n');
}

function quote(name: string): string {
  return `\`${name}\``;
}

const INTRODUCTION = `# Directives of the proxy

Generated from the tables in \`proxy/modules/\`, \`proxy/main-conf.ts\` and \`proxy/config/no-meaning.ts\` by
\`npm run docs\`. Differences of meaning are gathered in [differences.md](differences.md).

Syntax, default and meaning are nginx's own words, cut to their beginning, from the package
[@nginx/reference-lib](https://github.com/nginx/nginx-directive-reference) (Apache License 2.0), which
is made from the documentation at [nginx.org](https://nginx.org/en/docs/). Context is where Tandem reads
the directive. A line that starts with **Here** is ours.

A directive of nginx that is not on this page stops the load with
\`directive "NAME" (module MODULE) is not supported by Tandem\`; none is silently ignored.
`;

/** The page, whole. The same tables always give the same text. */
export function renderDirectivesDoc(): string {
  const known = knownDirectives();
  const parts = [INTRODUCTION];
  for (const [module, directives] of bySection(known)) {
    parts.push(`## ${module}\n`);
    const sorted = directives.toSorted((a, b) => compare(a.name, b.name));
    parts.push(`${sorted.map(renderDirective).join('\n\n')}\n`);
  }
  parts.push(
    `## Variables\n\nTheir meanings stand in [nginx's list](https://nginx.org/en/docs/varindex.html). An unknown variable stops
the load.\n\n${renderVariables()}\n`,
  );
  parts.push(
    `## Not supported\n\nDirectives of nginx's http modules, its commercial ones included, that are refused by name. The mail
and stream modules are not here at all.\n\n${renderMissing(known)}\n`,
  );
  return parts.join('\n');
}
