/** What `gatewayOf(request)` of appserver/gateway.ts finds on a request of node:http. */
import { IncomingMessage } from 'node:http';
import { GATEWAY, type Gateway, type ServerFacts, type WorkerFacts } from '../../gateway.ts';
import { type GatewayBase, SERVER_FACTS } from '../gateway-base.ts';
import { NodeConnection } from './connection.ts';

/**
 * Lets requests of this thread be asked for their gateway. It is made when somebody asks: a request
 * of an application that never does costs nothing.
 */
export function installNodeGateway(base: GatewayBase): void {
  Object.defineProperty(IncomingMessage.prototype, GATEWAY, {
    configurable: true,
    get(this: IncomingMessage): Gateway | undefined {
      // A response that the application received as a client has no such connection.
      const connection = NodeConnection.of(this.socket);
      return connection === undefined ? undefined : new NodeGateway(base, this, connection.peer);
    },
  });
}

/** Looks up what it is asked for. */
class NodeGateway implements Gateway {
  readonly #base: GatewayBase;
  readonly #request: IncomingMessage;
  readonly #peer: string;

  constructor(base: GatewayBase, request: IncomingMessage, peer: string) {
    this.#base = base;
    this.#request = request;
    this.#peer = peer;
  }

  get clientAddress(): string {
    const told = this.#request.headers['x-forwarded-for'];
    return this.#base.forwarded.clientOf(this.#peer, typeof told === 'string' ? told : undefined);
  }

  get scheme(): 'http' | 'https' {
    const { forwarded } = this.#base;
    if (!forwarded.trusts(this.#peer)) return 'http';
    return forwarded.schemeOf(this.#request.rawHeaders) ?? 'http';
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

  /** Such applications have the `upgrade` event of their server. */
  upgrade(): undefined {}
}
