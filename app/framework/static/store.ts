/** Writes collected files so that whoever reads the folder never sees half of one. */

import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { compress, ENDINGS } from './compress.ts';

/** Where files are written before they get their names: in the same file system, out of the way. */
const TEMPORARY_PREFIX = '.collecting-';
/** What a run that was killed left behind is older than any run takes. */
const LEFTOVER_AGE_MS = 3_600_000;

/** A folder of collected files that one run writes to. The run ends it with `close`. */
export class StaticStore {
  readonly #root: string;
  readonly #temporary: string;
  readonly #kept = new Set<string>();

  /** Makes the folder where there is none. */
  constructor(root: string) {
    mkdirSync(root, { recursive: true });
    this.#root = root;
    this.#temporary = mkdtempSync(join(root, TEMPORARY_PREFIX));
  }

  /**
   * Puts a file under `name`, with compressed siblings, and says whether it was not there as it is.
   * All get the time of the source, in milliseconds since 1970. A sibling whose name is in `taken`
   * is a static file of its own.
   */
  put(name: string, content: Buffer, mtimeMs: number, taken: ReadonlySet<string>): boolean {
    const isNew = !holds(this.#root, name, content);
    const siblings = ENDINGS.map((ending) => name + ending).filter((one) => !taken.has(one));
    if (isNew) {
      // Without a sibling the file itself is sent; a sibling of its former content must not be.
      for (const sibling of siblings) rmSync(join(this.#root, sibling), { force: true });
      this.write(name, content, mtimeMs);
    }
    this.#kept.add(name);
    const timeMs = isNew ? mtimeMs : statSync(join(this.#root, name)).mtimeMs;
    for (const sibling of siblings) this.#putSibling(name, sibling, content, timeMs);
    return isNew;
  }

  #putSibling(name: string, sibling: string, content: Buffer, mtimeMs: number): void {
    if (!existsSync(join(this.#root, sibling))) {
      const compressed = compress(name, content, sibling.slice(name.length));
      if (compressed === undefined) return;
      this.write(sibling, compressed, mtimeMs);
    }
    this.#kept.add(sibling);
  }

  /** Writes one file at once: it is as it was, or whole. */
  write(name: string, content: Buffer | string, mtimeMs?: number): void {
    const path = join(this.#root, name);
    const temporary = join(this.#temporary, 'file');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, content);
    if (mtimeMs !== undefined) utimesSync(temporary, mtimeMs / 1000, mtimeMs / 1000);
    renameSync(temporary, path);
    this.#kept.add(name);
  }

  /** Deletes the files that this run did not put or write, and returns their names. */
  clear(): readonly string[] {
    const old = otherFiles(this.#root, this.#kept);
    for (const name of old) rmSync(join(this.#root, name), { force: true });
    for (const folder of globSync(`${TEMPORARY_PREFIX}*`, { cwd: this.#root })) {
      const path = join(this.#root, folder);
      const made = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - made > LEFTOVER_AGE_MS) rmSync(path, { recursive: true, force: true });
    }
    return old;
  }

  /** Deletes what the run needed for itself. */
  close(): void {
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}

/** Whether the file `name` below `root` has this content already. */
export function holds(root: string, name: string, content: Buffer): boolean {
  const path = join(root, name);
  return existsSync(path) && readFileSync(path).equals(content);
}

/** The files below `root` that are not among `names`, sorted; hidden ones, which no run puts, are left out. */
export function otherFiles(root: string, names: ReadonlySet<string>): readonly string[] {
  return globSync('**/*', { cwd: root })
    .filter((name) => !names.has(name) && isFile(join(root, name)))
    .sort();
}

/** Whether there is anything but a folder at `path`; another run may have deleted it just now. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}
