/**
 * One request on its way through the phases, and its reply. Steps read and change it; the exchange
 * behind it speaks the protocol. One shape: every slot is set in the constructor.
 *
 * What a content step does with it, in this order:
 * ```
 * r.status = 200; r.contentType = ...; r.contentLength = ...;   the reply
 * r.sendHead()                 false: the filters made it another answer; the step is done
 * r.write(chunk) ... r.end()   or r.sendWhole(text) for head and content at once
 * return DONE
 * ```
 */
import type { ConnectionFacts, Exchange, ExchangeOwner, RequestHead } from '../../wire/exchange.ts';
import { ParsedRequestHead } from '../../wire/request-head.ts';
import { ERROR, errorLine } from '../log/error-log.ts';
import type { ClientContent } from './body.ts';
import type { BodyFilter } from './body-filter.ts';
import { failRequest, logFault } from './fault.ts';
import type { FilePart } from './file-sender.ts';
import type { Location, VirtualServer } from './location.ts';
import type { BodyOutput, Producer } from './phases.ts';
import { CLIENT_CLOSED_REQUEST } from './phases.ts';
import { finalize, logRequest } from './pipeline.ts';
import { writeHeldHead, writeReplyHead } from './reply.ts';

/** What the whole thread shares; made once by the worker. */
export interface Thread {
  readonly pid: number;
  readonly index: number;
  /** This thread's place among `threads`, from 0: together they make connection numbers unique. */
  readonly place: number;
  readonly threads: number;
  /** Coarse clock: epoch milliseconds, and the Date field's value for it. */
  readonly clock: { readonly now: number; readonly date: string };
}

/** nginx's bound on internal redirects and on rewrites that search a location anew. */
const MAX_URI_CHANGES = 10;

export class HttpRequest implements ExchangeOwner {
  readonly exchange: Exchange;
  head: RequestHead;
  readonly connection: ConnectionFacts;
  readonly thread: Thread;

  server: VirtualServer;
  location: Location;

  /** `GET`; an internal redirect for an error page makes it GET. */
  method: string;
  isHead: boolean;
  /** Decoded, normalised path, latin1 (`$uri`). */
  uri = '';
  /** Query string without `?` (`$args`). */
  args = '';
  /** Whether `$args` has a value, be it empty: a target of the server's own that ends in `?` gives one. */
  hasArgs = false;
  /** Whether the target was refused as a path; `uri` is empty then. */
  isPathInvalid = false;
  /** Whether `head.target` still says what `uri` and `args` say (nginx `valid_unparsed_uri`). */
  isTargetValid = true;
  /** Host in lower case without port and final dot, or '' (nginx `r->headers_in.server`). */
  host = '';
  /** Client as seen, or as real_ip found it. */
  clientAddress: string;
  clientPort: number;
  isInternal = false;
  /** Whether a rewrite changed `uri` so that a location must be searched anew. */
  isUriChanged = false;
  uriChangesLeft = MAX_URI_CHANGES;
  /** Whether `try_files` found `uri` behind the alias of a regular expression (nginx `add_uri_to_alias`). */
  isUriAddedToAlias = false;
  /**
   * Whether `uri` is the one that its location was found by: not after a rewrite that ended with
   * `break` (nginx `valid_location`).
   */
  isLocationValid = true;
  /** Captures of the last matching regular expression; the subject is index 0. */
  captures: readonly (string | undefined)[] | null = null;
  /**
   * Whether rewrite directives escape captures that they take up: not after a `rewrite` of the same
   * list matched (the engine's `quote` in ngx_http_rewrite_handler).
   */
  escapesCaptures = false;
  /** Values of variables that `set`, `map` and named captures define. */
  slots: (string | undefined)[] | undefined = undefined;
  /** The owner of the request content, once somebody asked him; see `contentOf`. */
  content: ClientContent | undefined = undefined;
  /** State of the upstream module (`$upstream_addr`, ...). */
  upstream: object | undefined = undefined;

  /** What limit_req and limit_conn made of it (`$limit_req_status`), '' where they had no say. */
  limitReqStatus = '';
  limitConnStatus = '';

  // The reply.
  /** Status of the reply; 0 until there is one. */
  status = 0;
  /** Reason phrase of an upstream, which may be empty; `undefined` stands for the usual one. */
  reason: string | undefined = undefined;
  /** '' sends no Content-Type. */
  contentType = '';
  /**
   * Content-Type that an X-Accel-Redirect gave to the reply it leads to, whatever file that comes from;
   * a status that is answered takes it back, but for its charset.
   */
  givenType = '';
  /** Bytes, or -1 where unknown. */
  contentLength = -1;
  /** Epoch seconds, or -1. */
  lastModified = -1;
  /** The Last-Modified value where it is at hand as text (static files, upstreams). */
  lastModifiedText = '';
  /** With quotes and `W/`; '' for none. */
  etag = '';
  /** Location field: absolute, or a path that `reply.ts` makes absolute; '' for none. */
  redirectTo = '';
  /** Further field lines, each `Name: value` CRLF, in order, values checked. */
  extraLines = '';
  contentEncoding = '';
  /** Whether trailers follow the content, for which it has to be chunked; stays for an error page (nginx `expect_trailers`). */
  expectsTrailers = false;
  /** Whether byte ranges may be answered from this reply (nginx `allow_ranges`). */
  allowRanges = false;
  /** Whether whoever sends the content can begin anywhere, so that it sends the `ranges` itself. */
  isSeekable = false;
  /** Parts that a seekable source sends in place of the whole, and what follows the last. */
  ranges: readonly FilePart[] | undefined = undefined;
  rangesTail = '';
  /** Whether Vary: Accept-Encoding is due (gzip_vary). */
  variesByEncoding = false;
  /** Whether Server and Date come from an upstream's own fields in `extraLines`. */
  hasOwnServer = false;
  hasOwnDate = false;

  /** Whether `error_page` was already applied. */
  isErrorPage = false;
  /** Status that an error page keeps in place of its own response's (nginx `err_status`). */
  errorStatus = 0;
  /** Whether the reply's head left. */
  isHeadSent = false;
  /** The header filter to go on with while the head waits for one before it; -1 where it does not. */
  nextHeaderFilter = -1;

  /** Where content goes: the first body filter, or the exchange. */
  output: BodyOutput;
  /** The body filter next to the exchange. */
  lastFilter: BodyFilter | undefined = undefined;
  /** Who produces content and waits for room. */
  producer: Producer | undefined = undefined;

  // Where the pipeline stands.
  stage = 0;
  cursor = 0;
  isDone = false;
  /** Counts what the request waits for: an answer that comes after it went elsewhere is dropped. */
  waits = 0;
  /** Whether something threw before the head was sent, so that the answer is an error page. */
  isFaulty = false;
  /** Whether the reply went out whole (`$request_completion`). */
  isComplete = false;
  /** What is being done, for the error log: `logging request`; '' while the request is served. */
  action = '';
  /** `$request_id` once asked for. */
  requestId = '';
  private endings: (() => void)[] | undefined = undefined;

  constructor(exchange: Exchange, server: VirtualServer, thread: Thread) {
    const { head, connection } = exchange;
    this.exchange = exchange;
    this.head = head;
    this.connection = connection;
    this.thread = thread;
    this.server = server;
    this.location = server.root;
    this.method = head.method;
    this.isHead = head.method === 'HEAD';
    this.clientAddress = connection.remoteAddress;
    this.clientPort = connection.remotePort;
    this.output = exchange;
    exchange.owner = this;
  }

  /** Goes on with the pipeline after a step that answered DONE waited for something. */
  finalize(verdict: number): void {
    finalize(this, verdict);
  }

  /** From now on only the request line is known of the head. */
  forgetFields(): void {
    const line = new ParsedRequestHead();
    line.method = this.head.method;
    line.target = this.head.target;
    line.version = this.head.version;
    this.head = line;
  }

  /**
   * Runs the header filters and gives the head to the exchange. False where a filter made it another
   * answer (412, 416): the caller must not write content.
   */
  sendHead(): boolean {
    return writeReplyHead(this);
  }

  /** The header filter that answered AGAIN lets the head go on. As `sendHead`. */
  sendHeldHead(): boolean {
    return writeHeldHead(this);
  }

  /** Sends head and whole content at once. `contentLength` is taken from the content. */
  sendWhole(content: Uint8Array | string): void {
    this.contentLength = content.length;
    if (this.sendHead()) this.end(content);
  }

  /** Writes content through the body filters. False asks to wait for `producer.drained`. */
  write(chunk: Uint8Array | string): boolean {
    return this.output.write(chunk);
  }

  /** What was written must not wait for more (unbuffered upstream replies). */
  flush(): void {
    this.output.flush();
  }

  /** Completes the reply, with last content and trailers where given. */
  end(chunk?: Uint8Array | string, trailers?: string): void {
    this.output.end(chunk, trailers);
  }

  /** Ends the connection without completing the reply (after the head, nothing else is honest). */
  abort(): void {
    this.exchange.abort();
  }

  /** Has a body filter join behind those that are there; for header filters. */
  addBodyFilter(filter: BodyFilter): void {
    const { lastFilter } = this;
    if (!filter.passesContent) this.isSeekable = false;
    filter.previous = lastFilter;
    if (lastFilter === undefined) this.output = filter;
    else lastFilter.next = filter;
    this.lastFilter = filter;
  }

  /** Takes the body filters out: the reply they were for will not be sent. */
  dropBodyFilters(): void {
    let filter = this.lastFilter;
    this.lastFilter = undefined;
    this.output = this.exchange;
    while (filter !== undefined) {
      const { previous } = filter;
      try {
        filter.abandon();
      } catch (error) {
        logFault(this, error);
      }
      filter = previous;
    }
  }

  /** Has `ending` called once the request is over and logged (nginx `ngx_pool_cleanup_add`). */
  atEnd(ending: () => void): void {
    if (this.endings === undefined) this.endings = [ending];
    else this.endings.push(ending);
  }

  /** Calls what `atEnd` was given so far, and forgets it. */
  runEndings(): void {
    const { endings } = this;
    this.endings = undefined;
    if (endings === undefined) return;
    for (const ending of endings) {
      try {
        ending();
      } catch (error) {
        logFault(this, error);
      }
    }
  }

  drained(): void {
    if (this.lastFilter !== undefined) this.lastFilter.drained();
    else this.producer?.drained();
  }

  finished(): void {
    this.isComplete = true;
    this.release(undefined);
  }

  aborted(problem: 'closed' | 'timeout'): void {
    if (!this.isHeadSent) this.status = CLIENT_CLOSED_REQUEST;
    this.release(problem);
  }

  inputEnded(): void {
    this.producer?.inputEnded?.();
  }

  private release(problem: 'closed' | 'timeout' | undefined): void {
    if (this.isDone) return;
    this.isDone = true;
    if (problem !== undefined) this.abandon(problem);
    logRequest(this);
    this.content?.release();
    this.runEndings();
  }

  private abandon(problem: 'closed' | 'timeout'): void {
    this.dropBodyFilters();
    try {
      this.producer?.abandon(problem);
    } catch (error) {
      logFault(this, error);
    }
  }

  /** Something that was done for this request threw: logs it, and ends the request alone. */
  threw(error: unknown): void {
    failRequest(this, error);
  }

  /** Does what an event of a timer, a file or a stream asks for; what it throws ends the request. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.threw(error);
    }
  }

  /** Writes a line to the location's error log with client, server and request, as nginx does. */
  log(level: number, message: string): void {
    const { errorLog } = this.location;
    if (level > errorLog.level) return;
    const { pid, index } = this.thread;
    const process = { pid, thread: index };
    const action = this.action === '' ? '' : ` while ${this.action}`;
    const text = `${message}${action}${this.logContext()}`;
    errorLog.write(level, errorLine(level, process, this.connectionNumber, text));
  }

  /** The connection's number (`$connection`), unique among the threads of a generation. */
  get connectionNumber(): number {
    const { place, threads } = this.thread;
    return (this.connection.serial - 1) * threads + place + 1;
  }

  /** nginx `ngx_http_log_error_handler`. */
  private logContext(): string {
    const { head } = this;
    let text = `, client: ${this.clientAddress}, server: ${this.server.name}`;
    if (head.method !== '') text += `, request: "${requestLine(head)}"`;
    const upstream = this.upstream as { logContext?(): string } | undefined;
    if (upstream?.logContext !== undefined) text += upstream.logContext();
    if (head.host !== undefined) text += `, host: "${head.host}"`;
    if (head.referer !== undefined) text += `, referrer: "${head.referer}"`;
    return text;
  }

  /** Logs at level error; the commonest. */
  logError(message: string): void {
    this.log(ERROR, message);
  }
}

/** The request line as received, without its line end (`$request`). */
export function requestLine(head: RequestHead): string {
  if (head.version === 9) return `${head.method} ${head.target}`;
  const protocol = head.version === 20 ? 'HTTP/2.0' : head.version === 10 ? 'HTTP/1.0' : 'HTTP/1.1';
  return `${head.method} ${head.target} ${protocol}`;
}
