/** The second argument of an application's `fetch`; see appserver/gateway.ts. */
import type { Exchange } from '../../../wire/exchange.ts';
import type { Gateway, ServerFacts, UpgradeOffer, WorkerFacts } from '../../gateway.ts';
import { type GatewayBase, SERVER_FACTS } from '../gateway-base.ts';

/** What can be done with a connection. */
export interface Upgradable {
  /** See `Gateway.upgrade`. */
  upgrade(): UpgradeOffer | undefined;
}

/** Looks up what it is asked for. */
export class RequestGateway implements Gateway {
  readonly #base: GatewayBase;
  readonly #peer: string;
  readonly #xForwardedFor: string | undefined;
  readonly #connection: Upgradable;
  readonly scheme: 'http' | 'https';

  constructor(
    base: GatewayBase,
    exchange: Exchange,
    scheme: 'http' | 'https',
    connection: Upgradable,
  ) {
    this.#base = base;
    this.#peer = exchange.connection.remoteAddress;
    this.#xForwardedFor = exchange.head.xForwardedFor;
    this.scheme = scheme;
    this.#connection = connection;
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

  get stopping(): AbortSignal {
    return this.#base.lifetime.stopping;
  }

  upgrade(): UpgradeOffer | undefined {
    return this.#connection.upgrade();
  }
}
