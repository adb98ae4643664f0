/**
 * A server that the application brought and that never listens itself: the pool hands it its
 * connections. Towards the application it behaves as if it listened: `listening`, `address()`,
 * 'listening', and a `close()` that is over when the worker has drained.
 *
 * ```
 *   listen()   'listening', once
 *   close()    before the worker has drained: over with it. Who stops at TERM by
 *              `server.close(() => process.exit())` cuts no request off
 *   drained()  from now on close() is over at once: Fastify, hapi and Nest wait for it when they end
 *   finish()   'close', once, and whoever waited
 * ```
 */
import type { Server } from 'node:net';

type Callback = (error?: Error) => void;
type Address = ReturnType<Server['address']>;

const adopted = new WeakMap<Server, AdoptedServer>();

export class AdoptedServer {
  readonly #server: Server;
  #address: Address = null;
  #isListening = false;
  #isDrained = false;
  #isClosed = false;

  private constructor(server: Server) {
    this.#server = server;
    Object.defineProperty(server, 'listening', {
      configurable: true,
      get: () => this.#isListening && !this.#isClosed,
    });
    server.address = () => this.#address;
    server.close = (callback?: Callback) => {
      this.#close(callback);
      return server;
    };
  }

  /** The same for a server each time. */
  static of(server: Server): AdoptedServer {
    const known = adopted.get(server) ?? new AdoptedServer(server);
    adopted.set(server, known);
    return known;
  }

  /** Says that it listens, unless it was said before. */
  listen(address: Address): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#address = address;
    process.nextTick(() => this.#server.emit('listening'));
  }

  #close(callback: Callback | undefined): void {
    if (callback !== undefined) {
      // node:net reports an error the second time; here the pool has closed it, not the application.
      if (this.#isClosed) process.nextTick(callback);
      else this.#server.once('close', () => callback());
    }
    if (this.#isDrained) void this.finish();
  }

  drained(): void {
    this.#isDrained = true;
  }

  /** Resolves when whoever listens to 'close' has heard it. */
  finish(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    return new Promise((resolve) => {
      process.nextTick(() => {
        this.#server.emit('close');
        setImmediate(resolve);
      });
    });
  }
}
