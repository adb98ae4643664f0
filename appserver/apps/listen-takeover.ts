/**
 * An application that calls `listen()` itself: the pool has bound, accepts and closes in its place.
 *
 * ```
 *   server.listen(3000)  the first     kept as the application; 'listening' is emitted, nothing bound
 *   server.listen(9090)  a later one   told of on the log; nothing bound, so that workers do not collide
 *   server.listen(0)     a later one   told of on the log; listens, since any free port hurts nobody
 * ```
 *
 * `net.Server`s that speak no HTTP listen as they would anywhere.
 */
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { isIPv6, type ListenOptions, Server as NetServer } from 'node:net';
import { AdoptedServer } from './node/adopted-server.ts';

/** A server of node:http or node:https. */
export type WebServer = HttpServer | HttpsServer;

/** Who hears what was taken over. */
export interface TakeoverLog {
  info(text: string): void;
  warning(text: string): void;
}

/** Where a server asked to listen. */
interface Place {
  readonly port: number;
  readonly host: string | undefined;
  readonly path: string | undefined;
}

interface Taken {
  readonly server: WebServer;
  readonly place: Place;
}

type ListenArguments = readonly unknown[];

const LOOK_MS = 10;
/** With nothing under way for so many looks, nobody is going to listen any more. */
const QUIET_LOOKS = 25;

/** One per thread. */
export class ListenTakeover {
  readonly #log: TakeoverLog;
  readonly #taken: Taken[] = [];
  /** The application, once it is decided. */
  #chosen: WebServer | undefined = undefined;
  #isDecided = false;
  readonly #resources: number;

  private constructor(log: TakeoverLog) {
    this.#log = log;
    this.#resources = countResources();
  }

  /** Takes the thread's servers over from now on. Called before the application is loaded. */
  static install(log: TakeoverLog): ListenTakeover {
    const takeover = new ListenTakeover(log);
    for (const { prototype } of [HttpServer, HttpsServer]) {
      Object.defineProperty(prototype, 'listen', {
        configurable: true,
        writable: true,
        value(this: WebServer, ...args: ListenArguments) {
          takeover.#listen(this, args);
          return this;
        },
      });
    }
    return takeover;
  }

  /** The first server that listened. */
  get first(): WebServer | undefined {
    return this.#taken[0]?.server;
  }

  has(server: WebServer): boolean {
    return this.#taken.some((taken) => taken.server === server);
  }

  /**
   * Waits for the first server while something is under way that may lead to it: a timer, a file, a
   * connection to a database. `undefined` where nothing is.
   */
  async wait(): Promise<WebServer | undefined> {
    let quietLooks = 0;
    while (this.first === undefined && quietLooks < QUIET_LOOKS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      quietLooks = countResources() > this.#resources ? 0 : quietLooks + 1;
    }
    return this.first;
  }

  /** This server is going to be the application: its own `listen()` is not a further one's. */
  expect(server: WebServer): void {
    this.#chosen = server;
  }

  /** Says what the application is: one of the servers, or `undefined` for something else. */
  decide(server: WebServer | undefined): void {
    this.#chosen = server;
    this.#isDecided = true;
    for (const taken of this.#taken) this.#tell(taken);
  }

  #listen(server: WebServer, args: ListenArguments): void {
    if (this.has(server)) {
      const error = new Error('listen() was called twice for one server, without close()');
      throw Object.assign(error, { code: 'ERR_SERVER_ALREADY_LISTEN' });
    }
    const place = placeOf(args);
    const isFurther = server !== this.#chosen && (this.#isDecided || this.#taken.length > 0);
    if (isFurther && place.port === 0 && place.path === undefined) {
      NetServer.prototype.listen.apply(server, args as Parameters<NetServer['listen']>);
      this.#log.warning(
        `${FURTHER} any free port: it listens there, and the pool leads nobody to it`,
      );
      return;
    }
    const callback = args.at(-1);
    if (typeof callback === 'function') server.once('listening', callback as () => void);
    const taken = { server, place };
    this.#taken.push(taken);
    AdoptedServer.of(server).listen(addressOf(place));
    if (this.#isDecided) this.#tell(taken);
  }

  #tell({ server, place }: Taken): void {
    if (server === this.#chosen) {
      // hapi without a port is started by the pool; nobody has asked for a place.
      if (place.port === 0 && place.path === undefined) return;
      this.#log.info(`The application listens on ${show(place)}: the pool accepts in its place`);
    } else if (!this.#isSecondAddress(place)) {
      const reason =
        this.#chosen === undefined
          ? 'the application is the export'
          : 'the first is the application';
      this.#log.warning(`${FURTHER} ${show(place)}: nothing listens there, ${reason}`);
    }
  }

  /** Fastify listens on every address of `localhost`, with a server for each. */
  #isSecondAddress({ port, host }: Place): boolean {
    const first = this.#taken.find(({ server }) => server === this.#chosen)?.place;
    return first !== undefined && port > 0 && port === first.port && host !== first.host;
  }
}

const FURTHER = 'A further server of the application wants to listen on';

/** How many things the event loop waits for. */
function countResources(): number {
  return process.getActiveResourcesInfo().filter((name) => !OURS.has(name)).length;
}

/** Open all the time, or not, whatever the application does: the terminal, and pipes like it. */
const OURS: ReadonlySet<string> = new Set(['TTYWrap', 'PipeWrap', 'MessagePort']);

/** node:net's forms: `(port, host)`, `(path)`, `({ port, host, path })`, and a handle. */
function placeOf([first, second]: ListenArguments): Place {
  if (typeof first === 'object' && first !== null) {
    const { port, host, path } = first as ListenOptions;
    // A port wins, and what is no text is no path: SvelteKit says `path: false`.
    const hasPort = typeof port === 'number' || typeof port === 'string';
    const isPath = !hasPort && typeof path === 'string' && path !== '';
    return { port: hasPort ? Number(port) : 0, host, path: isPath ? path : undefined };
  }
  if (typeof first === 'string' && !/^\s*\d+\s*$/.test(first)) {
    return { port: 0, host: undefined, path: first };
  }
  const port = typeof first === 'function' ? 0 : Number(first ?? 0);
  return { port, host: typeof second === 'string' ? second : undefined, path: undefined };
}

/** What `address()` says: applications print it, and ask for its port. */
function addressOf({ port, host, path }: Place): ReturnType<NetServer['address']> {
  if (path !== undefined) return path;
  const address = host === undefined ? '::' : host === 'localhost' ? '127.0.0.1' : host;
  return { address, family: isIPv6(address) ? 'IPv6' : 'IPv4', port };
}

function show({ port, host, path }: Place): string {
  if (path !== undefined) return `unix:${path}`;
  return host === undefined ? `port ${port}` : `${host}:${port}`;
}
