/** Which heads that node:http has read no application may see. */
import type { IncomingMessage } from 'node:http';
import type { Forwarded } from '../../worker/forwarded.ts';
import type { RequestLimits } from '../../worker/limits.ts';
import { isRequestUrl } from '../fetch/url.ts';

/** Method, version and blanks of a request line, as far as it is counted beside the target. */
const LINE_REST_BYTES = ' '.length + ' HTTP/1.1'.length;

/** What a head is held against. */
export interface HeadRules {
  readonly limits: RequestLimits;
  readonly forwarded: Forwarded;
}

/** Why a head is refused. */
export interface HeadRefusal {
  readonly status: number;
  readonly message: string;
}

const LONG_LINE: HeadRefusal = { status: 414, message: 'request line is too long' };
const MANY_FIELDS: HeadRefusal = { status: 431, message: 'too many header fields' };
const LONG_FIELD: HeadRefusal = { status: 431, message: 'header field is too long' };
const TWO_HOSTS: HeadRefusal = { status: 400, message: 'more than one Host field' };
const BAD_HOST: HeadRefusal = { status: 400, message: 'invalid host or request target' };
const TWO_SCHEMES: HeadRefusal = { status: 400, message: 'Contradictory scheme headers' };

/** `undefined` where the application may see it. `peer` is the connection's. */
export function judgeHead(
  request: IncomingMessage,
  peer: string,
  { limits, forwarded }: HeadRules,
): HeadRefusal | undefined {
  const target = request.url ?? '';
  const method = request.method?.length ?? 0;
  if (method + target.length + LINE_REST_BYTES > limits.lineBytes) return LONG_LINE;
  const { rawHeaders } = request;
  if (rawHeaders.length > limits.fields * 2) return MANY_FIELDS;
  let host: string | undefined;
  for (let i = 1; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i - 1]!;
    const value = rawHeaders[i]!;
    if (name.length + value.length + ': \r\n'.length > limits.fieldBytes) return LONG_FIELD;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    // RFC 9112 3.2: node:http takes the first of several.
    if (host !== undefined) return TWO_HOSTS;
    host = value;
  }
  if (!isRequestUrl(host, target)) return BAD_HOST;
  if (forwarded.trusts(peer) && forwarded.schemeOf(rawHeaders) === undefined) return TWO_SCHEMES;
  return undefined;
}
