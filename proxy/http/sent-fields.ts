/** `$sent_http_NAME`: fields of the reply, by the name with underscores for dashes. */
import { isStatusWithoutContent } from '../../wire/framing.ts';
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
      // What an upstream said and nothing rewrote goes on as a line of its own.
      if (r.redirectTo === '') return listed(r.extraLines, name);
      // nginx makes it absolute when it writes the head.
      return r.isHeadSent ? absoluteRedirect(r) : r.redirectTo;
    case 'last_modified':
      return lastModifiedText(r) || undefined;
    case 'etag':
      return r.etag || listed(r.extraLines, name);
    case 'content_encoding':
      return r.contentEncoding || listed(r.extraLines, name);
    case 'connection':
      if (r.status === 101) return 'upgrade';
      return r.exchange.keepAlive ? 'keep-alive' : 'close';
    case 'keep_alive':
      return keepAlive(r);
    case 'transfer_encoding':
      return isChunked(r) ? 'chunked' : undefined;
    default:
      // nginx's own Server and Date are not among the fields that this variable looks at.
      return listed(r.extraLines, name);
  }
}

/** nginx `ngx_http_chunked_header_filter`. */
function isChunked(r: HttpRequest): boolean {
  if (!r.exchange.isHeadSent || r.contentLength !== -1 || r.head.version < 11) return false;
  return r.head.method !== 'HEAD' && !isStatusWithoutContent(r.status);
}

function keepAlive(r: HttpRequest): string | undefined {
  const { keepaliveHeaderSeconds } = r.location.times;
  return r.status !== 101 && r.exchange.keepAlive && keepaliveHeaderSeconds > 0
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
