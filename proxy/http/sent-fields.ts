/** `$sent_http_NAME`: fields of the reply, by the name with underscores for dashes. */
import { absoluteRedirect, lastModifiedText } from './reply.ts';
import type { HttpRequest } from './request.ts';

/** The value of a reply field, or `undefined`. */
export function sentField(r: HttpRequest, name: string): string | undefined {
  switch (name) {
    case 'content_type':
      return r.contentType || undefined;
    case 'content_length':
      return r.contentLength === -1 ? undefined : String(r.contentLength);
    case 'location':
      return r.redirectTo === '' ? undefined : absoluteRedirect(r);
    case 'last_modified':
      return lastModifiedText(r) || undefined;
    case 'etag':
      return r.etag || undefined;
    case 'content_encoding':
      return r.contentEncoding || undefined;
    case 'connection':
      return r.exchange.keepAlive ? 'keep-alive' : 'close';
    case 'keep_alive':
      return keepAlive(r);
    case 'transfer_encoding':
      return r.contentLength === -1 && r.head.version === 11 && r.isHeadSent
        ? 'chunked'
        : undefined;
    case 'date':
      return r.hasOwnDate ? listed(r.extraLines, name) : r.thread.clock.date;
    default:
      return listed(r.extraLines, name);
  }
}

function keepAlive(r: HttpRequest): string | undefined {
  const { keepaliveHeaderSeconds } = r.location.times;
  return r.exchange.keepAlive && keepaliveHeaderSeconds > 0
    ? `timeout=${keepaliveHeaderSeconds}`
    : undefined;
}

/** Fields among the further lines; several are joined with ", " as nginx does. */
function listed(lines: string, name: string): string | undefined {
  let value: string | undefined;
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon !== name.length) continue;
    if (line.slice(0, colon).toLowerCase().replaceAll('-', '_') !== name) continue;
    const text = line.slice(colon + 1).trimStart();
    value = value === undefined ? text : `${value}, ${text}`;
  }
  return value;
}
