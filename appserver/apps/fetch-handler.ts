/**
 * Runs an application that answers a Request with a Response, on http1/.
 *
 * ```
 *   http1 -> FetchHandler.handle  scheme and host as forwarded, URL
 *         -> FetchExchange.run    Request, Gateway
 *         -> the application      a Response now or later, an error, or gateway.upgrade()
 *         -> FetchExchange        head and simple body in one write, a stream by StreamPump, or a
 *                                 connection that is the application's by Takeover
 * ```
 */
import type { Exchange, ExchangeHandler, Refusal } from '../../wire/exchange.ts';
import { FetchExchange, type FetchHandlerOptions } from './fetch/exchange.ts';
import { AMBIGUOUS, requestUrl } from './fetch/url.ts';

/** Methods that a Request cannot have (Fetch standard, "forbidden method"). */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** One per thread. */
export class FetchHandler implements ExchangeHandler {
  readonly #options: FetchHandlerOptions;

  constructor(options: FetchHandlerOptions) {
    this.#options = options;
  }

  handle(exchange: Exchange): void {
    const { forwarded, quota } = this.#options;
    quota?.add();
    const { head } = exchange;
    const trusted = forwarded.trusts(exchange.connection.remoteAddress);
    const scheme = trusted ? forwarded.schemeOf(head.fields) : 'http';
    const url = scheme === undefined ? undefined : requestUrl(scheme, head.host, head.target);
    const owner = new FetchExchange(this.#options, exchange, scheme ?? 'http');
    exchange.owner = owner;
    if (FORBIDDEN_METHODS.has(head.method)) owner.refuse(501, 'method not implemented');
    else if (scheme === undefined) owner.refuse(400, 'Contradictory scheme headers');
    else if (url === undefined) owner.refuse(400, 'invalid host or request target');
    else if (url === AMBIGUOUS) {
      owner.refuse(400, `dot segments that a front may resolve otherwise in "${head.target}"`);
    } else owner.run(url, scheme);
  }

  refuse(exchange: Exchange, refusal: Refusal): void {
    // A head that never came in full: there is nobody to talk to.
    if (refusal.status === 408) {
      exchange.abort();
      return;
    }
    const owner = new FetchExchange(this.#options, exchange, 'http');
    exchange.owner = owner;
    owner.refuse(refusal.status, refusal.message);
  }
}
