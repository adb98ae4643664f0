/**
 * The proxy inside the test's own process, its modules, producers and sinks shown to a
 * `FaultInjector`, before an upstream of every kind of answer.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { ClientConnection } from '../../http1/client-connection.ts';
import { ServerExchange } from '../../http1/server-exchange.ts';
import { SocketTunnel } from '../../http1/tunnel.ts';
import { FileSender } from '../../proxy/http/file-sender.ts';
import { defineModule, type HttpModule } from '../../proxy/http/module.ts';
import { DECLINED } from '../../proxy/http/phases.ts';
import { HttpRequest } from '../../proxy/http/request.ts';
import { HTTP_MODULES } from '../../proxy/modules/order.ts';
import {
  FileSender as ContentFileSender,
  StreamSender,
} from '../../proxy/upstream/content-senders.ts';
import { UpstreamExchange } from '../../proxy/upstream/exchange.ts';
import { TunnelEnd } from '../../proxy/upstream/tunnel-pair.ts';
import { type InsideProxy, startInside } from '../harness/inside.ts';
import { FaultInjector } from './fault-injector.ts';

/** What the engine and the pipeline call to be rid of a request: not calls that a module makes. */
const ENDS = ['abandon', 'aborted', 'closed', 'contentFailed', 'finished', 'threw', 'tunnelOver'];
const MACHINERY = [...ENDS, 'guard', 'logContext', 'release', 'runEndings'];

export interface FaultyProxy extends InsideProxy {
  readonly injector: FaultInjector;
  /** Request lines of the requests that reached the log phase. */
  readonly logged: string[];
  /** Requests that the upstream answers now. */
  readonly upstream: TestUpstream;
}

/** Starts both; they end with the test. `http` may say UPSTREAM for the upstream's address. */
export async function startFaultyProxy(
  t: TestContext,
  http: (upstreamPort: number) => string,
  files: Readonly<Record<string, string>>,
): Promise<FaultyProxy> {
  const injector = new FaultInjector();
  const logged: string[] = [];
  const upstream = await TestUpstream.start(t);
  showModules(injector, logged);
  showClasses(injector);
  const inside = await startInside(t, http(upstream.port), files);
  return { ...inside, injector, logged, upstream };
}

/** Steps, filters and variables of every module; and a log step that counts, which is spared. */
function showModules(injector: FaultInjector, logged: string[]): void {
  // biome-ignore lint/suspicious/noExplicitAny: as the list itself
  const modules = HTTP_MODULES as HttpModule<any>[];
  for (const module of modules) {
    const wrapMaker = <F extends (...args: never[]) => unknown>(make: F, name: string): F =>
      ((...args: never[]) => {
        const made = make(...args);
        return typeof made === 'function' ? injector.wrapCall(made as F, name) : made;
      }) as F;
    const phases = Object.entries(module.phases ?? {}).map(([phase, make]) => [
      phase,
      wrapMaker(make, `${module.name} ${phase} step`),
    ]);
    Object.assign(module, { phases: Object.fromEntries(phases) });
    for (const row of module.variables ?? []) {
      Object.assign(row, { get: injector.wrapCall(row.get, `variable ${row.name}`) });
    }
    for (const maker of ['handler', 'headerFilter'] as const) {
      const make = module[maker];
      if (make !== undefined) {
        Object.assign(module, { [maker]: wrapMaker(make, `${module.name} ${maker}`) });
      }
    }
  }
  modules.push(
    defineModule({
      name: 'test_count',
      directives: [],
      defaults: {},
      phases: {
        log: () => (r) => {
          logged.push(r.head.target);
          return DECLINED;
        },
      },
    }),
  );
}

function showClasses(injector: FaultInjector): void {
  injector.wrap(HttpRequest.prototype, 'request', [...MACHINERY, 'drained', 'inputEnded']);
  injector.wrap(ServerExchange.prototype, 'exchange');
  injector.wrap(ClientConnection.prototype, 'upstream connection', [
    ...MACHINERY,
    'timedOut',
    'sent',
    'received',
    'peerEnded',
    'discard',
    'tunnelClosed',
    'sendTimedOut',
  ]);
  injector.wrap(UpstreamExchange.prototype, 'upstream exchange', MACHINERY);
  injector.wrap(FileSender.prototype, 'file sender', MACHINERY);
  injector.wrap(ContentFileSender.prototype, 'content file sender', [...MACHINERY, 'stop']);
  injector.wrap(StreamSender.prototype, 'content stream sender', [...MACHINERY, 'stop']);
  injector.wrap(TunnelEnd.prototype, 'tunnel end', MACHINERY);
  injector.wrap(SocketTunnel.prototype, 'tunnel', [
    ...MACHINERY,
    'received',
    'peerEnded',
    'sent',
    'sendTimedOut',
  ]);
  // Classes that modules keep to themselves show up where they are handed over.
  const { addBodyFilter } = HttpRequest.prototype;
  HttpRequest.prototype.addBodyFilter = function (filter) {
    injector.wrap(Object.getPrototypeOf(filter), 'body filter', [...MACHINERY, 'open']);
    addBodyFilter.call(this, filter);
  };
  const { readContent } = ServerExchange.prototype;
  ServerExchange.prototype.readContent = function (sink, limit) {
    injector.wrap(Object.getPrototypeOf(sink), 'content sink', MACHINERY);
    readContent.call(this, sink, limit);
  };
}

/** Answers by the last part of the path; `/hold...` waits for `release`. */
export class TestUpstream {
  readonly port: number;
  /** Requests whose answer is under way. */
  active = 0;
  readonly #held: (() => void)[] = [];

  private constructor(port: number) {
    this.port = port;
  }

  static async start(t: TestContext): Promise<TestUpstream> {
    let upstream: TestUpstream | undefined;
    const server = createServer((request, response) => upstream?.answer(request, response));
    server.on('upgrade', (_request, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n');
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    upstream = new TestUpstream((server.address() as AddressInfo).port);
    return upstream;
  }

  /** Lets everybody that waits have the rest of the answer. */
  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  get held(): number {
    return this.#held.length;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    this.active++;
    response.once('close', () => this.active--);
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on('end', () => this.respond(request.url ?? '', length, response));
    request.on('error', () => {});
  }

  private respond(url: string, length: number, response: ServerResponse): void {
    if (url.endsWith('/chunked')) {
      response.write('one ');
      response.write('two ');
      response.end('three');
    } else if (url.endsWith('/big')) response.end('b'.repeat(300_000));
    else if (url.endsWith('/accel')) {
      response.writeHead(200, { 'X-Accel-Redirect': '/hidden/small.txt' }).end();
    } else if (url.endsWith('/missing')) response.writeHead(404).end('upstream has none');
    else if (url.endsWith('/hold')) {
      this.#held.push(() => response.end('released'));
    } else if (url.endsWith('/half')) {
      response.writeHead(200, { 'Content-Length': 8 });
      response.write('rele');
      this.#held.push(() => response.end('ased'));
    } else {
      const text = `got ${length}`;
      response.writeHead(200, { 'Content-Length': text.length }).end(text);
    }
  }
}
