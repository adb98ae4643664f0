/** The response head under construction, and what is noticed of its fields as they are read. */
import { isSameToken, spellsAt } from './characters.ts';
import type { ResponseHead } from './exchange.ts';
import { excerpt, Fault } from './head-problem.ts';
import { readContentLength } from './request-head.ts';
import { hasToken } from './token-list.ts';

/** A `ResponseHead` whose slots are filled while reading; handed out as the read-only type. */
export class ParsedResponseHead implements ResponseHead {
  version = 11;
  status = 0;
  reason = '';
  fields: string[] = [];
  contentLength = -1;
  isChunked = false;
  keepAlive = false;
  length = 0;
  connection: string | undefined = undefined;
  hasTransferEncoding = false;

  /** Judges what needs all fields. nginx: ngx_http_upstream_process_headers and its parsers. */
  finish(): Fault | undefined {
    // RFC 9112 6.3 item 3: framed twice, the message cannot be trusted.
    if (this.hasTransferEncoding && this.contentLength >= 0) {
      const words = '"Content-Length" and "Transfer-Encoding" headers at the same time';
      return new Fault(502, 'transfer-encoding', `upstream sent ${words}`);
    }
    // nginx: ngx_http_proxy_process_status_line keeps no connection of HTTP/1.0, whatever it says.
    const { connection } = this;
    this.keepAlive =
      this.version > 10 && !(connection !== undefined && hasToken(connection, 'close'));
    return undefined;
  }
}

/**
 * Notices the fields that frame a response.
 *
 * @param at where the name starts in `bytes`
 */
export function noticeResponseField(
  bytes: Uint8Array,
  at: number,
  nameLength: number,
  value: string,
  head: ParsedResponseHead,
): Fault | undefined {
  if (nameLength === 10 && spellsAt(bytes, at, 'connection')) {
    head.connection = head.connection === undefined ? value : `${head.connection}, ${value}`;
  } else if (nameLength === 14 && spellsAt(bytes, at, 'content-length')) {
    if (head.contentLength >= 0) return repeated('Content-Length', value, head.fields);
    head.contentLength = readContentLength(value);
    if (head.contentLength < 0) {
      return new Fault(502, 'content-length', 'upstream sent invalid "Content-Length" header');
    }
  } else if (nameLength === 17 && spellsAt(bytes, at, 'transfer-encoding')) {
    if (head.hasTransferEncoding) return repeated('Transfer-Encoding', value, head.fields);
    head.hasTransferEncoding = true;
    head.isChunked = isSameToken(value, 'chunked');
    if (!head.isChunked) {
      return new Fault(
        502,
        'unknown-coding',
        `upstream sent unknown "Transfer-Encoding": "${excerpt(value)}"`,
      );
    }
  }
  return undefined;
}

/** @param fields what was read so far, the faulty one last */
function repeated(name: string, value: string, fields: readonly string[]): Fault {
  const lower = name.toLowerCase();
  const first = fields.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === lower);
  const again = `"${fields[fields.length - 2]}: ${excerpt(value)}"`;
  const before = `"${fields[first]}: ${excerpt(fields[first + 1]!)}"`;
  const message = `upstream sent duplicate header line: ${again}, previous value: ${before}`;
  return new Fault(502, 'duplicate', message);
}
