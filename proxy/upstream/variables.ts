/** `$upstream_*` and `$request_body*`: what became of a request that was passed on. */
import type { HttpRequest } from '../http/request.ts';
import type { VariableRow } from '../http/variables.ts';
import { type Attempt, describeAttempts, secondsText } from './attempt.ts';
import { UpstreamExchange } from './exchange.ts';
import { fieldValue } from './response-fields.ts';

/** The exchange with upstreams of a request, `undefined` where it was not passed on. */
export function exchangeOf(r: HttpRequest): UpstreamExchange | undefined {
  return r.upstream instanceof UpstreamExchange ? r.upstream : undefined;
}

function perAttempt(name: string, figure: (attempt: Attempt) => string): VariableRow {
  return {
    name,
    get(r) {
      const attempts = exchangeOf(r)?.allAttempts();
      if (attempts === undefined || attempts.length === 0) return undefined;
      return describeAttempts(attempts, figure);
    },
  };
}

export const upstreamVariables: readonly VariableRow[] = [
  perAttempt('upstream_addr', (attempt) => attempt.peer ?? ''),
  perAttempt('upstream_status', (attempt) => (attempt.status === 0 ? '-' : String(attempt.status))),
  perAttempt('upstream_connect_time', (attempt) => secondsText(attempt.connectMs)),
  perAttempt('upstream_header_time', (attempt) => secondsText(attempt.headerMs)),
  perAttempt('upstream_response_time', (attempt) => secondsText(attempt.responseMs)),
  perAttempt('upstream_response_length', (attempt) => String(attempt.responseLength)),
  perAttempt('upstream_bytes_received', (attempt) => String(attempt.bytesReceived)),
  perAttempt('upstream_bytes_sent', (attempt) => String(attempt.bytesSent)),
  { name: 'upstream_http_', isPrefix: true, get: upstreamField },
  { name: 'upstream_trailer_', isPrefix: true, get: upstreamTrailer },
  { name: 'upstream_cookie_', isPrefix: true, get: upstreamCookie },
  { name: 'request_body', get: (r) => r.content?.memory?.toString('latin1') },
  { name: 'request_body_file', get: (r) => r.content?.filePath },
];

/** In the name of a variable an underscore stands for a hyphen too. */
function named(fields: readonly string[], rest: string): string | undefined {
  return fieldValue(fields, rest.replaceAll('_', '-')) ?? fieldValue(fields, rest);
}

function upstreamField(r: HttpRequest, rest: string): string | undefined {
  const head = exchangeOf(r)?.responseHead;
  return head === undefined ? undefined : named(head.fields, rest);
}

function upstreamTrailer(r: HttpRequest, rest: string): string | undefined {
  const exchange = exchangeOf(r);
  return exchange === undefined ? undefined : named(exchange.trailers, rest);
}

/** nginx `ngx_http_upstream_cookie_variable`: the value of a cookie that the response sets. */
function upstreamCookie(r: HttpRequest, rest: string): string | undefined {
  const fields = exchangeOf(r)?.responseHead?.fields ?? [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() !== 'set-cookie') continue;
    const pair = fields[i + 1]!.split(';', 1)[0]!;
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim().toLowerCase() === rest.toLowerCase()) {
      return pair.slice(equals + 1).trim();
    }
  }
  return undefined;
}
