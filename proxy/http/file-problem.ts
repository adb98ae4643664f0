/** What a failure of the file system means to the client, and how it is logged. */
import { systemErrorText } from '../config/paths.ts';
import { CRIT, ERROR } from '../log/error-log.ts';
import type { HttpRequest } from './request.ts';

/** nginx `ngx_http_static_handler`: the status for a system code, logged once. */
export function fileProblem(r: HttpRequest, path: string, code: string, call: string): number {
  const text = `${call}() "${path}" failed ${systemErrorText(Object.assign(new Error(), { code }))}`;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      if (r.location.core.log_not_found) r.log(ERROR, text);
      return 404;
    case 'EACCES':
    case 'EPERM':
    case 'ELOOP':
      r.log(ERROR, text);
      return 403;
    default:
      r.log(CRIT, text);
      return 500;
  }
}
