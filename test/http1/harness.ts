/** Starts a server of http1/ and talks to it in raw bytes. */
import net from 'node:net';
import type { TestContext } from 'node:test';
import { Accounts, type AccountsOptions } from '../../http1/accounts.ts';
import { type Listener, listen } from '../../http1/listener.ts';
import { nginxTimes, type ServerOptions, serverOptions } from '../../http1/options.ts';
import type {
  ConnectionTimes,
  ContentProblem,
  ContentSink,
  Exchange,
  ExchangeHandler,
  ExchangeOwner,
} from '../../wire/exchange.ts';
import { nginxHeadLimits } from '../../wire/head.ts';
import { until } from '../harness/until.ts';

/** Both socket wrappers, for tests that run over each. */
export const WRAPPERS = [
  { name: 'shared buffer', isPlain: false },
  { name: 'data events', isPlain: true },
] as const;

export interface TestServer {
  readonly port: number;
  readonly accounts: Accounts;
  readonly listener: Listener;
}

export interface ServerSettings {
  readonly isPlain: boolean;
  readonly handle: (exchange: Exchange) => void;
  readonly refuse?: ExchangeHandler['refuse'];
  readonly times?: Partial<ConnectionTimes>;
  readonly options?: Partial<ServerOptions>;
  readonly accounts?: AccountsOptions;
}

/** Listens on a free port until the test ends. */
export async function startServer(t: TestContext, settings: ServerSettings): Promise<TestServer> {
  const accounts = new Accounts(settings.accounts);
  const handler: ExchangeHandler = {
    handle: settings.handle,
    refuse: settings.refuse ?? ((exchange, refusal) => answer(exchange, refusal.status, '')),
  };
  const server = serverOptions({
    headLimits: nginxHeadLimits(),
    times: { ...nginxTimes, ...settings.times },
    ...settings.options,
  });
  const listener = await listen(
    { port: 0 },
    511,
    { accounts, server, isPlain: settings.isPlain },
    handler,
  );
  t.after(() => accounts.close());
  return { port: (listener.address() as net.AddressInfo).port, accounts, listener };
}

/** A whole response with a known length. */
export function answer(exchange: Exchange, status: number, content: string, lines = ''): void {
  exchange.writeHead(status, 'Reason', lines, content.length);
  exchange.end(content);
}

/** Notes what an exchange's owner hears. */
export class NotedOwner implements ExchangeOwner {
  readonly notes: string[] = [];
  #changed: (() => void) | undefined = undefined;

  #note(note: string): void {
    this.notes.push(note);
    this.#changed?.();
  }

  drained(): void {
    this.#note('drained');
  }

  finished(): void {
    this.#note('finished');
  }

  aborted(problem: string): void {
    this.#note(`aborted ${problem}`);
  }

  /** Resolves when `note` was heard. */
  async heard(note: string): Promise<void> {
    while (!this.notes.includes(note)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

/** Gathers content, then calls back. */
export class Gather implements ContentSink {
  text = '';
  trailers: readonly string[] = [];
  problem: ContentProblem | undefined = undefined;
  readonly #done: (gathered: Gather) => void;

  constructor(done: (gathered: Gather) => void) {
    this.#done = done;
  }

  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void {
    const decoded = Buffer.from(bytes.subarray(from, to)).toString('latin1');
    if (text !== undefined && text !== decoded) throw new Error(`text "${text}" is not the bytes`);
    this.text += decoded;
  }

  end(trailers: readonly string[]): void {
    this.trailers = trailers;
    this.#done(this);
  }

  fail(problem: ContentProblem): void {
    this.problem = problem;
    this.#done(this);
  }
}

/** A client that speaks in raw latin1. */
export class RawClient {
  readonly socket: net.Socket;
  received = '';
  hasEnded = false;
  isClosed = false;
  error: NodeJS.ErrnoException | undefined = undefined;
  #changed: (() => void) | undefined = undefined;

  constructor(t: TestContext, place: number | string, allowHalfOpen = true) {
    this.socket = net.connect(
      typeof place === 'number'
        ? { port: place, host: '127.0.0.1', allowHalfOpen, noDelay: true }
        : { path: place, allowHalfOpen },
    );
    this.socket.on('data', (data) => {
      this.received += data.toString('latin1');
      this.#changed?.();
    });
    this.socket.on('end', () => {
      this.hasEnded = true;
      this.#changed?.();
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#changed?.();
    });
    t.after(() => this.socket.destroy());
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Writes and waits until the kernel has it. */
  written(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, 'latin1', () => resolve()));
  }

  /** Waits until what was received matches, or fails where the connection ended before. */
  async until(wanted: RegExp | string): Promise<string> {
    const matches = () =>
      typeof wanted === 'string' ? this.received.includes(wanted) : wanted.test(this.received);
    while (!matches()) {
      if (this.hasEnded || this.isClosed) {
        throw new Error(`ended before ${wanted}: ${JSON.stringify(this.received.slice(0, 500))}`);
      }
      await this.#change();
    }
    return this.received;
  }

  /** Waits for the server's end; returns all that came. */
  async ended(): Promise<string> {
    while (!this.hasEnded && !this.isClosed) await this.#change();
    return this.received;
  }

  /** Waits until the socket is gone. */
  async closed(): Promise<string> {
    while (!this.isClosed) await this.#change();
    return this.received;
  }

  /** Returns what came and forgets it. */
  take(): string {
    const text = this.received;
    this.received = '';
    return text;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }
}

/** Waits for a condition that only polling can see, such as a counter. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  await until(condition, Boolean, what);
}
