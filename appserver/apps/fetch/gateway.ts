/** The second argument of an application's `fetch`; see appserver/gateway.ts. */
import { isIP } from 'node:net';
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
    return new RequestServer(this);
  }

  /** Where `getConnInfo` of @hono/node-server looks for the client. */
  get incoming(): Incoming {
    const { clientAddress } = this;
    const family = isIP(clientAddress);
    const remoteFamily = family === 0 ? undefined : family === 6 ? 'IPv6' : 'IPv4';
    // The port of a client that a front told of is not known; that of the front says nothing.
    return {
      socket: { remoteAddress: clientAddress || undefined, remotePort: undefined, remoteFamily },
    };
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

/** As much of an IncomingMessage as tells who asks. */
export interface Incoming {
  readonly socket: {
    readonly remoteAddress: string | undefined;
    readonly remotePort: undefined;
    readonly remoteFamily: 'IPv4' | 'IPv6' | undefined;
  };
}

/** `getConnInfo` looks here first, as its own server has such a member too. */
class RequestServer implements ServerFacts {
  readonly software = SERVER_FACTS.software;
  readonly interfaceVersion = SERVER_FACTS.interfaceVersion;
  readonly #gateway: RequestGateway;

  constructor(gateway: RequestGateway) {
    this.#gateway = gateway;
  }

  get incoming(): Incoming {
    return this.#gateway.incoming;
  }
}
