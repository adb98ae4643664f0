/** The request head as it is sent to an upstream. */
import type { HttpRequest } from '../http/request.ts';
import type { PassTarget } from './pass.ts';
import type { ProxyPlan } from './plan.ts';
import { escapeBreaks, receivedTarget, replacedTarget } from './target.ts';

/** Joins request line and field lines. */
export function requestHead(
  r: HttpRequest,
  plan: ProxyPlan,
  target: PassTarget,
  method: string,
  lines: string,
): string {
  const version = plan.httpVersion > 10 ? ' HTTP/1.1\r\n' : ' HTTP/1.0\r\n';
  return `${method} ${requestTarget(r, plan, target)}${version}${lines}\r\n`;
}

/** nginx `ngx_http_proxy_create_request`: as sent, as variables say, or with a part replaced. */
function requestTarget(r: HttpRequest, plan: ProxyPlan, target: PassTarget): string {
  const { uri } = target;
  if (plan.target === undefined && uri !== '') return escapeBreaks(uri);
  if (uri === '') return r.isTargetValid ? receivedTarget(r.head.target) : replacedTarget(r, '', 0);
  // After `rewrite ... break` there is nothing to be replaced (nginx `valid_location`).
  if (!r.isLocationValid) return replacedTarget(r, '', 0);
  return replacedTarget(r, uri, plan.locationLength);
}
