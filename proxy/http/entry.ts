/**
 * Where exchanges enter: makes a request of an exchange, chooses its server, reads its path and
 * starts the phases. One per listening socket.
 */
import type { Exchange, ExchangeHandler, Refusal } from '../../wire/exchange.ts';
import { validateHost } from '../../wire/host.ts';
import { normalisePath } from '../../wire/path.ts';
import { parseTarget, type Target } from '../../wire/target.ts';
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
    const parsed = target.charCodeAt(0) === SLASH ? undefined : parseTarget(target);
    const isConnect = r.method === 'CONNECT';
    // nginx reads the path with the settings of the default server, before it knows the host.
    if (isConnect ? parsed === undefined : !readPath(r, parsed)) {
      this.refuseLine(r, 'client sent invalid request');
      return;
    }
    if (parsed?.host !== undefined && validateHost(parsed.host) === undefined) {
      this.refuseLine(r, 'client sent invalid host in request line');
      return;
    }
    if (!this.chooseServer(r, names, parsed?.host ?? r.head.host)) return;
    if (isConnect || r.method === 'TRACE') {
      // nginx `ngx_http_process_request_header`; nothing has allowed keep-alive yet.
      r.exchange.keepAlive = false;
      this.decline(r, 405, `client sent ${r.method} method`, READING_FIELDS);
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
    if (valid !== undefined) {
      r.host = valid;
      r.server = names.find(valid, r);
    }
    r.location = r.server.root;
    if (r.head.target.startsWith('/')) readPath(r, undefined);
    this.decline(r, refusal.status, refusal.message, actionOf(refusal));
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
        this.decline(r, 400, 'client sent invalid host header', READING_FIELDS);
        return false;
      }
      r.host = valid;
      r.server = names.find(valid, r);
    }
    r.location = r.server.root;
    r.exchange.times = r.location.times;
    return true;
  }

  /** nginx `ngx_http_process_request_line` refuses before a field is read, so the log has none. */
  private refuseLine(r: HttpRequest, message: string): void {
    r.forgetFields();
    this.decline(r, 400, message, READING_LINE);
  }

  private decline(r: HttpRequest, status: number, message: string, action: string): void {
    r.exchange.times = r.location.times;
    r.action = action;
    r.log(INFO, message);
    r.action = '';
    r.finalize(status);
  }
}

const SLASH = 0x2f;

// What nginx says it was doing.
const READING_LINE = 'reading client request line';
const READING_FIELDS = 'reading client request headers';

/** Complaints about the request line; all others come of fields. */
const LINE_COMPLAINT =
  /^client sent (invalid (method|request|version|host in request line)|too long URI)/;

function actionOf({ status, message }: Refusal): string {
  if (status === 408) return '';
  return LINE_COMPLAINT.test(message) ? READING_LINE : READING_FIELDS;
}

/** False where the target has no path, or one that cannot be. */
function readPath(r: HttpRequest, parsed: Target | undefined): boolean {
  if (parsed !== undefined && parsed.form !== 'absolute') return false;
  const target = parsed === undefined ? r.head.target : originForm(parsed);
  const path = normalisePath(target, r.server.root.core.merge_slashes);
  if (path === undefined) {
    r.isPathInvalid = true;
    return false;
  }
  r.uri = path.path;
  r.args = path.args;
  r.hasArgs = path.args !== '';
  return true;
}

function originForm({ path, query }: Target): string {
  return query === undefined ? path : `${path}?${query}`;
}
