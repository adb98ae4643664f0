/** Errors of the pool that operators and programmers meet. */
import type { ContentProblem } from '../wire/exchange.ts';

/** Gunicorn's WORKER_BOOT_ERROR: the module threw, or is not there. */
export const EXIT_BOOT_ERROR = 3;
/** Gunicorn's APP_LOAD_ERROR: the module loaded, but holds no application. */
export const EXIT_APP_LOAD_ERROR = 4;

/** A setting has a value that cannot stand. The master prints `Error: MESSAGE` and exits with 1. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
  readonly code = 'ERR_APPSERVER_SETTING';
}

/** The command line cannot be read. The master prints the usage and exits with 2, as argparse does. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'ERR_APPSERVER_USAGE';
}

/**
 * The application could not be had from its module. `exitCode` is what the worker process leaves
 * with. Its message ends in what the module threw: a stack, or the line of a syntax error.
 */
export class AppLoadError extends Error {
  override readonly name = 'AppLoadError';
  readonly code = 'ERR_APPSERVER_APP_LOAD';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options: { cause?: unknown; detail?: string }) {
    const detail = options.detail ?? '';
    const text = detail === '' ? message : `${message}\n${detail}`;
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
  }
}

/** The application announced a Content-Length and gave less: the client is told by a cut connection. */
export class ShortResponseError extends Error {
  override readonly name = 'ShortResponseError';
  readonly code = 'ERR_RESPONSE_SHORT';

  constructor(length: number, announced: number) {
    super(`the response ended after ${length} of ${announced} announced bytes`);
  }
}

/**
 * The content of a request did not come in full. An application that lets it pass is answered for:
 * 400 for `malformed`, 408 for `timeout`.
 */
export class RequestContentError extends Error {
  override readonly name = 'RequestContentError';
  readonly code: string;
  readonly problem: ContentProblem;
  readonly receivedBytes: number;
  /** Content-Length, or -1. */
  readonly announcedBytes: number;

  constructor(problem: ContentProblem, receivedBytes: number, announcedBytes: number) {
    super(CONTENT_PROBLEMS[problem]);
    this.problem = problem;
    this.code = `ERR_REQUEST_CONTENT_${problem.toUpperCase().replace('-', '_')}`;
    this.receivedBytes = receivedBytes;
    this.announcedBytes = announcedBytes;
  }
}

/**
 * An upgrade that cannot be. `ERR_UPGRADE_TAKEN`: the connection was taken over before;
 * `ERR_UPGRADE_LATE`: the response has begun; `ERR_UPGRADE_HEAD`: what was written first is no head of
 * a response; `ERR_UPGRADE_CLOSED`: the connection is gone, and what was written did not leave.
 */
export class UpgradeError extends Error {
  override readonly name = 'UpgradeError';
  readonly code: `ERR_UPGRADE_${'TAKEN' | 'LATE' | 'HEAD' | 'CLOSED'}`;

  constructor(code: UpgradeError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const CONTENT_PROBLEMS: Readonly<Record<ContentProblem, string>> = {
  closed: 'the client closed the connection before the content was complete',
  timeout: 'the client stopped sending the content',
  malformed: 'the content is not in valid chunked coding',
  'too-large': 'the content is larger than allowed',
};
