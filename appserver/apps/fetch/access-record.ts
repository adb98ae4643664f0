/** A request on http1/ as the access log sees it. */
import type { Exchange } from '../../../wire/exchange.ts';
import type { AccessRecord } from '../../logging/access-format.ts';
import type { Forwarded } from '../../worker/forwarded.ts';
import { fieldValue } from './headers.ts';

/** Made when the response is over; nothing of it is kept. */
export class FetchAccessRecord implements AccessRecord {
  readonly #exchange: Exchange;
  readonly #forwarded: Forwarded;
  readonly #fields: readonly string[];
  readonly scheme: string;
  readonly status: number;
  readonly durationMicroseconds: number;

  constructor(
    exchange: Exchange,
    forwarded: Forwarded,
    scheme: string,
    status: number,
    fields: readonly string[],
    durationMicroseconds: number,
  ) {
    this.#exchange = exchange;
    this.#forwarded = forwarded;
    this.#fields = fields;
    this.scheme = scheme;
    this.status = status;
    this.durationMicroseconds = durationMicroseconds;
  }

  get clientAddress(): string {
    const { connection, head } = this.#exchange;
    return this.#forwarded.clientOf(connection.remoteAddress, head.xForwardedFor);
  }
  get method(): string {
    return this.#exchange.head.method || '-';
  }
  get target(): string {
    return this.#exchange.head.target || '-';
  }
  get protocol(): string {
    return this.#exchange.head.version === 10 ? 'HTTP/1.0' : 'HTTP/1.1';
  }
  get contentBytesSent(): number {
    return this.#exchange.contentBytesSent;
  }
  requestField(name: string): string | undefined {
    return fieldValue(this.#exchange.head.fields, name);
  }
  responseField(name: string): string | undefined {
    return fieldValue(this.#fields, name);
  }
}
