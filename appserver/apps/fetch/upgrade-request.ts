/** The request of an upgrade as packages for node:http want it. */
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RequestHead } from '../../../wire/exchange.ts';

/** Fields of which node:http keeps the first; its documentation lists them at `message.headers`. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/** A message of node:http with the head of `head` and no content. */
export function upgradeRequest(head: RequestHead, socket: Duplex): IncomingMessage {
  // node:http documents that its sockets may be any Duplex; its types do not know.
  const request = new IncomingMessage(socket as Socket);
  request.method = head.method;
  request.url = head.target;
  request.httpVersion = '1.1';
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.rawHeaders = [...head.fields];
  const values = valuesByName(head.fields);
  request.headersDistinct = values;
  for (const [name, list] of Object.entries(values)) request.headers[name] = joined(name, list);
  request.complete = true;
  request.push(null);
  return request;
}

function valuesByName(fields: readonly string[]): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    const list = values[name];
    if (list === undefined) values[name] = [value];
    else list.push(value);
  }
  return values;
}

function joined(name: string, values: string[]): string | string[] {
  if (name === 'set-cookie') return values;
  if (SINGLE_FIELDS.has(name)) return values[0]!;
  return values.join(name === 'cookie' ? '; ' : ', ');
}
