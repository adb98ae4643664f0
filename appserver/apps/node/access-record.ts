/** A request on node:http as the access log sees it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessRecord } from '../../logging/access-format.ts';
import type { AccessLog } from '../../logging/access-log.ts';
import type { Forwarded } from '../../worker/forwarded.ts';
import { NodeConnection } from './connection.ts';
import type { ServedResponse } from './served-response.ts';

/** Adds a line to the log when the response is over, complete or not. */
export function watchAccess(
  request: IncomingMessage,
  response: ServerResponse,
  served: ServedResponse,
  accessLog: AccessLog,
  forwarded: Forwarded,
): void {
  const record = new NodeAccessRecord(request, response, served, forwarded);
  response.once('close', () => {
    record.finish();
    accessLog.add(record);
  });
}

class NodeAccessRecord implements AccessRecord {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #forwarded: Forwarded;
  readonly #peer: string;
  readonly #startedAt = performance.now();
  readonly #served: ServedResponse;
  contentBytesSent = 0;
  durationMicroseconds = 0;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    served: ServedResponse,
    forwarded: Forwarded,
  ) {
    this.#request = request;
    this.#response = response;
    this.#forwarded = forwarded;
    this.#peer = NodeConnection.of(request.socket)?.peer ?? '';
    this.#served = served;
  }

  finish(): void {
    this.durationMicroseconds = Math.round((performance.now() - this.#startedAt) * 1000);
    const { statusCode } = this.#response;
    const hasNoContent = this.method === 'HEAD' || statusCode === 204 || statusCode === 304;
    this.contentBytesSent = hasNoContent ? 0 : this.#served.contentBytes;
  }

  get target(): string {
    return this.#served.target;
  }
  get clientAddress(): string {
    return this.#forwarded.clientOf(this.#peer, this.requestField('x-forwarded-for'));
  }
  get method(): string {
    return this.#request.method ?? '-';
  }
  get protocol(): string {
    return `HTTP/${this.#request.httpVersion}`;
  }
  get scheme(): string {
    const isTrusted = this.#forwarded.trusts(this.#peer);
    return (isTrusted && this.#forwarded.schemeOf(this.#request.rawHeaders)) || 'http';
  }
  get status(): number {
    return this.#response.statusCode;
  }
  requestField(name: string): string | undefined {
    return shown(this.#request.headers[name]);
  }
  responseField(name: string): string | undefined {
    return shown(this.#response.getHeader(name));
  }
}

function shown(value: number | string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'object' ? value.join(', ') : String(value);
}
