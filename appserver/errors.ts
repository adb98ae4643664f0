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

const CONTENT_PROBLEMS: Readonly<Record<ContentProblem, string>> = {
  closed: 'the client closed the connection before the content was complete',
  timeout: 'the client stopped sending the content',
  malformed: 'the content is not in valid chunked coding',
  'too-large': 'the content is larger than allowed',
};
