/** Reads `keepalive_timeout` and `keepalive_disable`, and judges who gets no kept connection. */
import { type Directive, failDirective } from '../config/directive.ts';
import { anyOf } from '../config/readers.ts';
import { parseMilliseconds, parseSeconds } from '../config/units.ts';
import { isMsie6, isSafariOnMac } from './browser.ts';
import type { CoreConf } from './core-conf.ts';
import type { HttpRequest } from './request.ts';

const MSIE6 = 2;
const SAFARI = 4;

/** What holds where `keepalive_disable` is not given. */
export const KEEPALIVE_DISABLE_DEFAULT = MSIE6;

/** Sets `keepalive_disable`: bits of browsers. */
export const setKeepaliveDisable = anyOf({ none: 1, msie6: MSIE6, safari: SAFARI });

/** Idle time, and the seconds that the Keep-Alive field announces (nginx `ngx_http_core_keepalive`). */
export function keepaliveTimeout(directive: Directive): CoreConf['keepalive_timeout'] {
  const [time = '', header] = directive.args;
  const timeoutMs = parseMilliseconds(time);
  if (timeoutMs === undefined) failDirective(directive, 'invalid value');
  if (header === undefined) return { timeoutMs, headerSeconds: 0 };
  const headerSeconds = parseSeconds(header);
  if (headerSeconds === undefined) failDirective(directive, 'invalid value');
  return { timeoutMs, headerSeconds };
}

/** Whether the connection must close after this reply (nginx `ngx_http_update_location_config`). */
export function isKeepaliveDisabled(r: HttpRequest, disabled: number): boolean {
  // Old Internet Explorer loses a kept connection after POST.
  if ((disabled & MSIE6) !== 0 && r.method === 'POST' && isMsie6(r.head.userAgent)) return true;
  return (disabled & SAFARI) !== 0 && isSafariOnMac(r.head.userAgent);
}
