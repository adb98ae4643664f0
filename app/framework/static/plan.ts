/**
 * What `collectstatic` is to write: for each static file its hashed name, and its text with hashed
 * names inside. Reads files and writes none.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { encodeStrictly } from '../percent-encoding.ts';
import { findReferences, lineAt, mayHaveReferences, type Reference } from './references.ts';

/** One static file and what becomes of it. */
export interface PlannedFile {
  /** Below the static URL, with "/": "polls/polls.css". */
  readonly name: string;
  /** With the first 12 hex digits of a SHA-256: "polls/polls.3f2a1b9c0d1e.css". */
  readonly hashedName: string;
  /** Path of the file as it was written. */
  readonly source: string;
  /** Its text with the hashed names of the files it names; undefined where it names none. */
  readonly rewritten: string | undefined;
}

/** A file that names other static files, and where. */
interface LinkedFile {
  readonly name: string;
  readonly text: string;
  readonly links: readonly Link[];
}

interface Link extends Reference {
  readonly target: string;
}

/**
 * Plans the files of `folders`; where two have a file of the same name the first counts, as with
 * templates. Hidden files, backups (`*~`) and folders named CVS are left out, as Django does.
 * Throws where a file names one that is not there, with file and line.
 */
export async function planStaticFiles(
  folders: readonly string[],
  staticUrl: string,
): Promise<readonly PlannedFile[]> {
  const sources = findSources(folders);
  const linked = new Map<string, LinkedFile>();
  for (const [name, source] of sources) {
    if (!mayHaveReferences(name)) continue;
    const text = readFileSync(source, 'utf8');
    const links = linksOf(name, text, await findReferences(name, text), sources, staticUrl);
    if (links.length > 0) linked.set(name, { name, text, links });
  }
  const hashes = new Map<string, string>();
  for (const [name, source] of sources) {
    if (!linked.has(name)) hashes.set(name, hashOf(readFileSync(source)));
  }
  const rewritten = new Map<string, string>();
  for (const ring of inOrder(linked)) hashRing(ring, hashes, rewritten);
  return Array.from(sources, ([name, source]) => ({
    name,
    hashedName: hashedName(name, hashes.get(name)!),
    source,
    rewritten: rewritten.get(name),
  }));
}

/** The files of `folders` by name, in the order of the names, which no machine's locale changes. */
function findSources(folders: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const name of filesBelow(folder)) {
      if (!found.has(name)) found.set(name, join(folder, name));
    }
  }
  return new Map([...found].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function filesBelow(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix)).flatMap((entry) => {
    if (/^\.|~$|^CVS$/.test(entry)) return [];
    const name = prefix + entry;
    const stats = statSync(join(folder, name));
    if (stats.isDirectory()) return filesBelow(folder, `${name}/`);
    return stats.isFile() ? [name] : [];
  });
}

function linksOf(
  name: string,
  text: string,
  references: readonly Reference[],
  sources: ReadonlyMap<string, string>,
  staticUrl: string,
): Link[] {
  const links: Link[] = [];
  for (const reference of references) {
    const target = targetOf(name, reference.url, staticUrl);
    if (target === undefined) continue;
    if (sources.has(target)) links.push({ ...reference, target });
    else if (!reference.isForTools) {
      const line = lineAt(text, reference.start);
      throw new Error(`${name}:${line}: "${reference.url}" is no static file ("${target}")`);
    }
  }
  return links;
}

/** The static file that `url` means in the file `name`; undefined where it means something else. */
function targetOf(name: string, url: string, staticUrl: string): string | undefined {
  const [written = ''] = url.trim().split(/[?#]/, 1);
  // Another site, a folder, a fragment of the page itself, or an address that is no static file's.
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(written) || /(^|\/)$/.test(written)) return undefined;
  if (written.startsWith('/') && !written.startsWith(staticUrl)) return undefined;
  const path = decode(written);
  return path.startsWith(staticUrl)
    ? posix.normalize(path.slice(staticUrl.length))
    : posix.join(posix.dirname(name), path);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A lone "%" is no escape; the name is taken as it stands.
    return path;
  }
}

/**
 * The linked files so that each comes after those it names. Files that name each other in a ring,
 * as modules may, come together.
 */
function inOrder(files: ReadonlyMap<string, LinkedFile>): LinkedFile[][] {
  // Tarjan's strongly connected components: `low` is the earliest file of the path that one leads to.
  const rings: LinkedFile[][] = [];
  const low = new Map<string, number>();
  const path: LinkedFile[] = [];
  const visit = (file: LinkedFile): number => {
    const own = low.size;
    let lowest = own;
    low.set(file.name, own);
    path.push(file);
    for (const { target } of file.links) {
      const next = files.get(target);
      if (next === undefined) continue;
      const reached = low.get(target);
      if (reached === undefined) lowest = Math.min(lowest, visit(next));
      else if (path.includes(next)) lowest = Math.min(lowest, reached);
    }
    if (lowest === own) rings.push(path.splice(path.indexOf(file)));
    else low.set(file.name, lowest);
    return lowest;
  };
  for (const file of files.values()) if (!low.has(file.name)) visit(file);
  return rings;
}

/**
 * Gives each file of `ring` its hash and text. The hash of a file alone is that of its new text. In a
 * ring each name would have to be known before it is made, so a change in one file gives all of them
 * new names: their hash is that of all their texts, with names from outside of the ring alone.
 */
function hashRing(
  ring: readonly LinkedFile[],
  hashes: Map<string, string>,
  rewritten: Map<string, string>,
): void {
  const partial = ring.map((file) => [file, rewrite(file, hashes)] as const);
  const isAlone =
    ring.length === 1 && !ring[0]!.links.some((link) => link.target === ring[0]!.name);
  const whole = isAlone
    ? ''
    : JSON.stringify(partial.map(([file, text]) => [file.name, text]).sort());
  for (const [file, text] of partial) hashes.set(file.name, hashOf(whole + text));
  for (const file of ring) rewritten.set(file.name, rewrite(file, hashes));
}

function rewrite({ text, links }: LinkedFile, hashes: ReadonlyMap<string, string>): string {
  let result = '';
  let done = 0;
  for (const { url, start, end, target } of links) {
    const hash = hashes.get(target);
    if (hash === undefined) continue;
    result += text.slice(done, start) + rewriteUrl(url, hashedName(target, hash));
    done = end;
  }
  return result + text.slice(done);
}

/** Only the last part of the path changes: `../img/a.svg?x#icon` is `../img/a.<hash>.svg?x#icon`. */
function rewriteUrl(url: string, hashed: string): string {
  const [, folder = '', , rest = ''] = /^\s*([^?#]*\/)?([^?#]*)(.*?)\s*$/s.exec(url) ?? [];
  return folder + encodeStrictly(posix.basename(hashed)) + rest;
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

function hashedName(name: string, hash: string): string {
  const { dir, name: stem, ext } = posix.parse(name);
  return posix.join(dir, `${stem}.${hash}${ext}`);
}
