/**
 * Where exchanges enter: makes a request of an exchange, chooses its server, reads its path and
 * starts the phases. One per listening socket.
 */
import type { Exchange, ExchangeHandler, Refusal } from '../../wire/exchange.ts';
import { validateHost } from '../../wire/host.ts';
import { normalisePath } from '../../wire/path.ts';
import { parseTarget } from '../../wire/target.ts';
import { INFO } from '../log/error-log.ts';
import type { Address } from './addresses.ts';
import { serve } from './pipeline.ts';
import { HttpRequest, type Thread } from './request.ts';
import type { ServerNames } from './server-names.ts';

export class RequestEntry implements ExchangeHandler {
  private readonly names: ServerNames;
  private readonly exact: ReadonlyMap<string, ServerNames> | undefined;
  private readonly thread: Thread;

  constructor(address: Address, thread: Thread) {
    this.names = address.names;
    this.exact = address.exact.size === 0 ? undefined : address.exact;
    this.thread = thread;
  }

  handle(exchange: Exchange): void {
    const names = this.namesFor(exchange);
    const r = new HttpRequest(exchange, names.defaultServer, this.thread);
    const { target } = r.head;
    const isOrigin = target.charCodeAt(0) === SLASH;
    const parsed = isOrigin ? undefined : parseTarget(target);
    if (!this.chooseServer(r, names, parsed?.host ?? r.head.host)) return;
    if (r.method === 'CONNECT' || r.method === 'TRACE') {
      // nginx `ngx_http_process_request`.
      r.log(INFO, `client sent ${r.method} method`);
      r.finalize(405);
      return;
    }
    if (parsed !== undefined && parsed.form !== 'absolute') {
      this.invalid(r, 'client sent invalid request');
      return;
    }
    if (!readPath(r, isOrigin ? target : originForm(parsed!))) {
      this.invalid(r, 'client sent invalid request');
      return;
    }
    serve(r);
  }

  /** Answers a request that the protocol engine could not read. */
  refuse(exchange: Exchange, refusal: Refusal): void {
    const names = this.namesFor(exchange);
    const r = new HttpRequest(exchange, names.defaultServer, this.thread);
    const { host } = r.head;
    const valid = host === undefined ? undefined : validateHost(host);
    if (valid !== undefined) r.server = names.find(valid, r);
    r.location = r.server.root;
    r.exchange.times = r.location.times;
    r.log(INFO, refusal.message);
    r.finalize(refusal.status);
  }

  private namesFor(exchange: Exchange): ServerNames {
    if (this.exact === undefined) return this.names;
    return this.exact.get(exchange.connection.localAddress) ?? this.names;
  }

  private chooseServer(r: HttpRequest, names: ServerNames, host: string | undefined): boolean {
    if (host === undefined || host === '') {
      r.server = names.find('', r);
    } else {
      const valid = validateHost(host);
      if (valid === undefined) {
        this.invalid(r, 'client sent invalid host header');
        return false;
      }
      r.host = valid;
      r.server = names.find(valid, r);
    }
    r.location = r.server.root;
    r.exchange.times = r.location.times;
    return true;
  }

  private invalid(r: HttpRequest, message: string): void {
    r.log(INFO, message);
    r.finalize(400);
  }
}

const SLASH = 0x2f;

function originForm(parsed: { path: string; query: string | undefined }): string {
  return parsed.query === undefined ? parsed.path : `${parsed.path}?${parsed.query}`;
}

function readPath(r: HttpRequest, target: string): boolean {
  const path = normalisePath(target, r.server.root.core.merge_slashes);
  if (path === undefined) return false;
  r.uri = path.path;
  r.args = path.args;
  return true;
}
