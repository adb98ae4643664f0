/**
 * What is known of files, one cache per thread. A small file's content is kept in memory; before it
 * is used its inode is looked at, once per turn of the event loop, so that a change on disk shows in
 * the next request. With `open_file_cache` the looks are as far apart as nginx's
 * (`open_file_cache_valid`).
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { imfFixdate } from '../../wire/date.ts';
import { fileEtag } from '../../wire/etag.ts';
import { codeOf } from '../config/paths.ts';
import type { CoreConf } from './core-conf.ts';

/** A file up to this size is answered from memory. */
const KEPT_BYTES = 64 * 1024;
/** Content up to this size is kept as a string, which leaves together with the head in one write. */
const TEXT_BYTES = 16 * 1024;
/** Contents kept per thread. */
const CACHE_BYTES = 32 * 1024 * 1024;
/** Files known per thread. */
const CACHE_FILES = 10_000;
/**
 * A file changed this shortly before it was read may change again with the same time stamp (the
 * kernel's clock for files ticks every 4 ms): it is read anew each time until it is older.
 */
const UNSETTLED_MS = 50;

/** What a path was found to be. */
export class FileInfo {
  /** '' where the path exists, else the system's code: `ENOENT`, `EACCES`, ... */
  readonly code: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  /** Bytes. */
  readonly size: number;
  /** Modification time, whole seconds since the epoch. */
  readonly modified: number;
  readonly modifiedText: string;
  readonly etag: string;
  /** Whole content where it is kept; latin1 text or bytes. */
  content: string | Buffer | undefined = undefined;
  /** @internal identity of what was looked at */
  readonly stats: Stats | undefined;
  /** @internal when it was looked at last: turn number, epoch milliseconds */
  turn = 0;
  checkedAt = 0;
  /** @internal for `open_file_cache`: how often and when it was asked for last */
  uses = 1;
  usedAt = 0;
  /** @internal second chance for the sweep */
  wasUsed = true;

  constructor(stats: Stats | undefined, code: string) {
    this.stats = stats;
    this.code = code;
    this.isFile = stats?.isFile() ?? false;
    this.isDirectory = stats?.isDirectory() ?? false;
    this.size = stats?.size ?? 0;
    this.modified = stats === undefined ? -1 : Math.floor(stats.mtimeMs / 1000);
    this.modifiedText = this.isFile ? imfFixdate(this.modified) : '';
    this.etag = this.isFile ? fileEtag(this.modified, this.size) : '';
  }
}

const files = new Map<string, FileInfo>();
let keptBytes = 0;
let turn = 1;
let isTurnWatched = false;

function endTurn(): void {
  turn++;
  isTurnWatched = false;
}

/** The number of this turn of the event loop. */
function currentTurn(): number {
  if (!isTurnWatched) {
    isTurnWatched = true;
    setImmediate(endTurn);
  }
  return turn;
}

/**
 * What the path (latin1, absolute) is now. `now` is epoch milliseconds, for `open_file_cache`.
 * Never throws: a failure is a FileInfo with a code.
 */
export function fileInfo(path: string, core: CoreConf, now: number): FileInfo {
  const known = files.get(path);
  if (known === undefined) return remember(path, look(path), core, now);
  known.wasUsed = true;
  const thisTurn = currentTurn();
  if (known.turn === thisTurn) return known;
  if (core.open_file_cache !== null && isStillValid(known, core, now)) return known;
  const stats = statOf(path);
  if (isSame(known, stats)) {
    known.turn = thisTurn;
    known.checkedAt = now;
    return known;
  }
  forget(path, known);
  return remember(path, look(path), core, now);
}

/**
 * Whether `open_file_cache` spares the look: the file was asked for `min_uses` times, never more
 * than `inactive` apart, and the last look is younger than `valid`. A failure counts only with
 * `open_file_cache_errors`; `max` bounds nginx's memory, ours has bounds of its own.
 */
function isStillValid(known: FileInfo, core: CoreConf, now: number): boolean {
  if (known.code !== '' && !core.open_file_cache_errors) return false;
  const isActive = now - known.usedAt < core.open_file_cache!.inactiveMs;
  known.usedAt = now;
  known.uses = isActive ? known.uses + 1 : 1;
  if (known.uses <= core.open_file_cache_min_uses || !isActive) return false;
  return now - known.checkedAt < core.open_file_cache_valid;
}

/** The stats, or the system's code where there are none. */
function statOf(path: string): Stats | string {
  try {
    return statSync(asName(path), NO_THROW) ?? 'ENOENT';
  } catch (error) {
    return codeOf(error);
  }
}

const NO_THROW = { throwIfNoEntry: false } as const;

/** A name for node:fs: plain ASCII as it stands, else its bytes. */
export function asName(path: string): string | Buffer {
  for (let i = 0; i < path.length; i++) {
    if (path.charCodeAt(i) > 0x7e) return Buffer.from(path, 'latin1');
  }
  return path;
}

function isSame(known: FileInfo, stats: Stats | string): boolean {
  const before = known.stats;
  if (typeof stats === 'string') return known.code === stats;
  return (
    before !== undefined &&
    before.ino === stats.ino &&
    before.size === stats.size &&
    before.mtimeMs === stats.mtimeMs &&
    before.ctimeMs === stats.ctimeMs &&
    before.dev === stats.dev
  );
}

function look(path: string): FileInfo {
  const stats = statOf(path);
  if (typeof stats === 'string') return new FileInfo(undefined, stats);
  return stats.isFile() ? read(path) : new FileInfo(stats, '');
}

/** Never waits for a writer, should the file have become a pipe. */
const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK;

/** A descriptor, or the system's code where the file cannot be opened. */
export function openFile(path: string): number | string {
  try {
    return openSync(asName(path), READ_ONLY);
  } catch (error) {
    return codeOf(error);
  }
}

/**
 * Opens a file, so that one that may not be read is known before it is promised, and reads a small
 * one; what was read and what its stats say belong together.
 */
function read(path: string): FileInfo {
  const fd = openFile(path);
  if (typeof fd === 'string') return new FileInfo(undefined, fd);
  try {
    const stats = fstatSync(fd);
    const info = new FileInfo(stats, '');
    if (!info.isFile || stats.size > KEPT_BYTES) return info;
    const bytes = Buffer.allocUnsafe(stats.size);
    const length = stats.size === 0 ? 0 : readSync(fd, bytes, 0, stats.size, 0);
    if (length === stats.size && Date.now() - stats.ctimeMs > UNSETTLED_MS) {
      info.content = length <= TEXT_BYTES ? bytes.toString('latin1', 0, length) : bytes;
    }
    return info;
  } catch (error) {
    return new FileInfo(undefined, codeOf(error));
  } finally {
    closeSync(fd);
  }
}

function remember(path: string, info: FileInfo, core: CoreConf, now: number): FileInfo {
  if (info.code !== '' && !core.open_file_cache_errors) return info;
  if (files.size >= CACHE_FILES || keptBytes > CACHE_BYTES) sweep();
  // A small file without content is unsettled: it must be looked at again, whatever the turn.
  const isUnsettled = info.isFile && info.size <= KEPT_BYTES && info.content === undefined;
  if (isUnsettled) return info;
  info.turn = currentTurn();
  info.checkedAt = now;
  info.usedAt = now;
  keptBytes += info.content?.length ?? 0;
  files.set(path, info);
  return info;
}

function forget(path: string, info: FileInfo): void {
  keptBytes -= info.content?.length ?? 0;
  files.delete(path);
}

/** Makes room: what was not used since the last sweep goes, at least a tenth of all. */
function sweep(): void {
  let left = Math.ceil(files.size / 10);
  for (const [path, info] of files) {
    if (info.wasUsed) {
      info.wasUsed = false;
      continue;
    }
    forget(path, info);
    left--;
  }
  for (const [path, info] of files) {
    if (left-- <= 0) return;
    forget(path, info);
  }
}
