/** Words for system errors as a C library's strerror has them, since libuv's differ. */
import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

const WORDS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EINVAL: 'Invalid argument',
  EISDIR: 'Is a directory',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENFILE: 'Too many open files in system',
  ENOTDIR: 'Not a directory',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
};

/** What the system says of an error. */
export interface SystemProblem {
  /** `EADDRINUSE`; `UNKNOWN` where the error names none. */
  readonly code: string;
  /** Positive, 98 for EADDRINUSE on Linux; 0 where unknown. */
  readonly errno: number;
  /** `Address already in use`: glibc's words where we know them, else libuv's. */
  readonly message: string;
  readonly syscall: string;
}

/** Reads code, number and words out of anything Node throws. */
export function describeSystemError(error: unknown, syscall: string): SystemProblem {
  const code = textOf(error, 'code');
  if (code === '') {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'UNKNOWN', errno: 0, message, syscall };
  }
  return problemOf(code, textOf(error, 'syscall') || syscall);
}

/** The problem that a code such as `EADDRINUSE` stands for. */
export function problemOf(code: string, syscall: string): SystemProblem {
  const errno = (constants.errno as Readonly<Record<string, number>>)[code] ?? 0;
  return { code, errno, message: WORDS[code] ?? wordsOf(errno, code), syscall };
}

/** The text of a property of an unknown error, empty where it has none. */
export function textOf(error: unknown, property: string): string {
  if (typeof error !== 'object' || error === null) return '';
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : '';
}

function wordsOf(errno: number, code: string): string {
  if (errno === 0) return code;
  const text = getSystemErrorMessage(-errno);
  return text === undefined ? code : text.charAt(0).toUpperCase() + text.slice(1);
}
