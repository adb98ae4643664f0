/**
 * File names in configuration text. Names are latin1 strings, one character per byte, and become
 * bytes again when they meet the file system, so that names in UTF-8 work.
 */

import type { Load } from './directive.ts';

/** The name as bytes, for calls of node:fs. */
export function nameBytes(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}

/** A string of Node (an argument, a working directory) as configuration text: its UTF-8 bytes. */
export function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Configuration text as a string of Node, for calls that take no bytes (sockets) and for people. */
export function toNodeString(text: string): string {
  return nameBytes(text).toString('utf8');
}

/** The name, made absolute with the prefix unless it begins with a slash (ngx_get_full_name). */
export function fullName(prefix: string, name: string): string {
  return name.startsWith('/') ? name : prefix + name;
}

/** Resolves against the working prefix (`-p`): most files. */
export function inPrefix(load: Load, name: string): string {
  return fullName(load.prefix, name);
}

/** Resolves against the folder of the main file: include, certificates, password files. */
export function inConfPrefix(load: Load, name: string): string {
  return fullName(load.confPrefix, name);
}

/** glibc's texts where libuv words the same error otherwise. */
const SYSTEM_TEXTS: Readonly<Record<string, readonly [number, string]>> = {
  EPERM: [1, 'Operation not permitted'],
  ENOENT: [2, 'No such file or directory'],
  EIO: [5, 'Input/output error'],
  EACCES: [13, 'Permission denied'],
  ENOTDIR: [20, 'Not a directory'],
  EISDIR: [21, 'Is a directory'],
  EINVAL: [22, 'Invalid argument'],
  ENFILE: [23, 'Too many open files in system'],
  EMFILE: [24, 'Too many open files'],
  ENOSPC: [28, 'No space left on device'],
  EPIPE: [32, 'Broken pipe'],
  ENAMETOOLONG: [36, 'File name too long'],
  ELOOP: [40, 'Too many levels of symbolic links'],
};

/** Numbers and words of a system error as nginx prints them: `(2: No such file or directory)`. */
export function systemErrorText(error: unknown): string {
  const code = codeOf(error);
  const known = SYSTEM_TEXTS[code];
  if (known !== undefined) return `(${known[0]}: ${known[1]})`;
  return `(${code === '' ? String(error) : code})`;
}

/** The `code` of a system error, or the empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** The text of a failed call, without a place: `open() "NAME" failed (2: No such file ...)`. */
export function systemFailure(call: string, name: string, error: unknown): string {
  return `${call}() "${name}" failed ${systemErrorText(error)}`;
}
