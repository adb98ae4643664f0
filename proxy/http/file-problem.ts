/** What a failure of the file system means to the client, and how it is logged. */
import { systemErrorText } from '../config/paths.ts';
import { CRIT, ERROR } from '../log/error-log.ts';
import type { HttpRequest } from './request.ts';

/** Whether a system code says that there is no such file. */
export function isAbsence(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

/** nginx `ngx_http_static_handler`: the status for a system code, logged once. */
export function fileProblem(r: HttpRequest, path: string, code: string, call: string): number {
  const text = `${call}() "${path}" failed ${systemErrorText(Object.assign(new Error(), { code }))}`;
  if (isAbsence(code)) {
    if (r.location.core.log_not_found) r.log(ERROR, text);
    return 404;
  }
  if (code === 'EACCES' || code === 'ELOOP') {
    r.log(ERROR, text);
    return 403;
  }
  r.log(CRIT, text);
  return 500;
}
