/**
 * Short cases of what a directive takes: the `.cases` files in `directives/`. Each line is put into
 * a configuration, and the indented lines below it are what testing that says; none is "accepted".
 *
 * ```
 * listen 70000
 *   [emerg] invalid port in "70000" of the "listen" directive
 * msie_refresh on
 *   ours: [emerg] directive "msie_refresh" is supported by Tandem as "off" only
 * ```
 *
 * Messages end with their place, which is left out; `(nowhere)` marks one that has none. `ours:`
 * says that nginx is not asked, since it does otherwise. Lines that start with `#` are remarks; the
 * first one names the context: `# server`, `# http` or `# main`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../proxy/config/directive.ts';
import { loadCycle } from '../../proxy/cycle.ts';
import type { TestFile } from './cases.ts';

/** One line of configuration and what is said of it. */
export interface DirectiveCase {
  readonly source: string;
  readonly line: string;
  /** The whole file. */
  readonly text: string;
  /** As the case has them; see the top of the file. */
  readonly expected: readonly string[];
  /** Whether nginx says the same. */
  readonly isNginx: boolean;
}

/** All cases, in the order of file names. */
export function loadDirectiveCases(): DirectiveCase[] {
  const folder = join(import.meta.dirname, 'directives');
  return readdirSync(folder)
    .sort()
    .flatMap((name) => parse(readFileSync(join(folder, name), 'latin1'), name));
}

function parse(text: string, source: string): DirectiveCase[] {
  const [, context = ''] = /^# (\w+)/.exec(text) ?? [];
  const place = context === 'main' ? inMain : context === 'http' ? inHttp : inServer;
  const cases: (DirectiveCase & { expected: string[]; isNginx: boolean })[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith('  ')) {
      cases.push({ source, line, text: place(line), expected: [], isNginx: true });
      continue;
    }
    const current = cases.at(-1)!;
    const message = line.trim();
    if (message.startsWith('ours:')) current.isNginx = false;
    const said = message.replace(/^ours: ?/, '');
    if (said !== '') current.expected.push(said);
  }
  return cases;
}

/** The line that the cases' own text stands in. */
const LINE = 5;

function inServer(line: string): string {
  return `pid p.pid;\nevents { }\nhttp {\nserver {\n${ended(line)}\n}\n}\n`;
}

function inHttp(line: string): string {
  return `pid p.pid;\nevents { }\nhttp {\n\n${ended(line)}\n}\n`;
}

function inMain(line: string): string {
  const has = (name: string): boolean => line.startsWith(name);
  const pid = has('pid') ? '' : 'pid p.pid;';
  const events = line.includes('events') ? '' : 'events { }';
  return `${pid}\n${events}\n\n\n${ended(line)}\n`;
}

function ended(line: string): string {
  return /[;}]$/.test(line) ? line : `${line};`;
}

/** What a front says of a case, in the words of a case. */
export function judgeCase(config: DirectiveCase, test: TestFile): string[] {
  const folder = `${mkdtempSync(join(tmpdir(), 'directive-'))}/`;
  try {
    writeFileSync(`${folder}nginx.conf`, config.text, 'latin1');
    return test(folder, undefined).map((message) => inWords(message.replaceAll(folder, '')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inWords(message: string): string {
  if (message.endsWith(` in nginx.conf:${LINE}`)) {
    return message.slice(0, -` in nginx.conf:${LINE}`.length);
  }
  return message.includes(' in nginx.conf:') ? message : `${message} (nowhere)`;
}

/** Tests with the whole proxy, in this process. */
export const testWithProxy: TestFile = (folder, commandLine = '') => {
  const messages: string[] = [];
  const source = {
    prefix: folder,
    file: `${folder}nginx.conf`,
    directives: commandLine,
    errorLog: undefined,
  };
  try {
    loadCycle(source, (text) => messages.push(`[warn] ${text}`));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    messages.push(`[${error.level}] ${error.message}`);
  }
  return messages;
};
