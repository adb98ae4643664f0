/** Errors of the pool that operators and programmers meet. */

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
 * with; `detail` is where it happened: a stack, or the line of a syntax error.
 */
export class AppLoadError extends Error {
  override readonly name = 'AppLoadError';
  readonly code = 'ERR_APPSERVER_APP_LOAD';
  readonly exitCode: number;
  readonly detail: string;

  constructor(message: string, exitCode: number, options: { cause?: unknown; detail?: string }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.detail = options.detail ?? '';
  }
}
