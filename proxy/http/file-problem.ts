/** What a failure of the file system means to the client, and how it is logged. */
import { statSync } from 'node:fs';
import { codeOf, systemErrorText } from '../config/paths.ts';
import { CRIT, ERROR } from '../log/error-log.ts';
import { asName } from './file-cache.ts';
import type { HttpRequest } from './request.ts';

/** Whether a system code says that there is no such file. */
export function isAbsence(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

/** nginx `ngx_http_static_handler`: the status for a system code, logged once. */
export function fileProblem(r: HttpRequest, path: string, code: string, call: string): number {
  if (isAbsence(code)) {
    logAbsence(r, `${call}() "${path}" failed`, path, code);
    return 404;
  }
  const text = `${call}() "${path}" failed ${textOf(code)}`;
  if (code === 'EACCES' || code === 'ELOOP') {
    r.log(ERROR, text);
    return 403;
  }
  r.log(CRIT, text);
  return 500;
}

/**
 * Logs that there is no such file, unless `log_not_found off`. The look that found it so does not tell
 * a missing name from one behind a file (`/page.html/x`): only the log cares, so it is asked here.
 */
export function logAbsence(r: HttpRequest, message: string, path: string, code: string): void {
  const { core, errorLog } = r.location;
  if (!core.log_not_found || errorLog.level < ERROR) return;
  r.log(ERROR, `${message} ${textOf(code === 'ENOENT' ? absenceCode(path) : code)}`);
}

function absenceCode(path: string): string {
  try {
    statSync(asName(path));
  } catch (error) {
    return codeOf(error);
  }
  // It has come into being meanwhile.
  return 'ENOENT';
}

/** A system code as nginx prints it. */
export function textOf(code: string): string {
  return systemErrorText(Object.assign(new Error(), { code }));
}
