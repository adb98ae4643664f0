/** The second argument of an application's `fetch`; see appserver/gateway.ts. */
import type { Exchange } from '../../../wire/exchange.ts';
import type { Gateway, ServerFacts, WorkerFacts } from '../../gateway.ts';
import { type GatewayBase, SERVER_FACTS } from '../gateway-base.ts';

/** Looks up what it is asked for. */
export class RequestGateway implements Gateway {
  readonly #base: GatewayBase;
  readonly #peer: string;
  readonly #xForwardedFor: string | undefined;
  readonly scheme: 'http' | 'https';

  constructor(base: GatewayBase, exchange: Exchange, scheme: 'http' | 'https') {
    this.#base = base;
    this.#peer = exchange.connection.remoteAddress;
    this.#xForwardedFor = exchange.head.xForwardedFor;
    this.scheme = scheme;
  }

  get clientAddress(): string {
    return this.#base.forwarded.clientOf(this.#peer, this.#xForwardedFor);
  }

  get worker(): WorkerFacts {
    return this.#base.worker;
  }

  get server(): ServerFacts {
    return SERVER_FACTS;
  }

  waitUntil(work: Promise<unknown>): void {
    this.#base.lifetime.waitUntil(work);
  }
}
