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
    // RFC 9112 6.1: an HTTP/1.0 message with a transfer coding ends its connection.
    this.keepAlive = this.version > 10 ? !this.#says('close') : this.#isKept10();
    return undefined;
  }

  #isKept10(): boolean {
    return !this.hasTransferEncoding && this.#says('keep-alive') && !this.#says('close');
  }

  #says(option: string): boolean {
    const { connection } = this;
    return connection !== undefined && hasToken(connection, option);
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
    if (head.contentLength >= 0) return repeated('Content-Length', value);
    head.contentLength = readContentLength(value);
    if (head.contentLength < 0) {
      return new Fault(502, 'content-length', 'upstream sent invalid "Content-Length" header');
    }
  } else if (nameLength === 17 && spellsAt(bytes, at, 'transfer-encoding')) {
    if (head.hasTransferEncoding) return repeated('Transfer-Encoding', value);
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

function repeated(name: string, value: string): Fault {
  const message = `upstream sent duplicate header line: "${name}: ${excerpt(value)}"`;
  return new Fault(502, 'duplicate', message);
}
