/** One tier as a child program: started, its lines shown, its readiness seen, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { LineWriter } from './line-writer.ts';

/** Time between two looks whether a socket accepts. */
const LOOK_MS = 50;

export type TierName = 'proxy' | 'app';

/** Where a tier listens: a path, or host and port. */
export type Listening = string | { readonly host: string; readonly port: number };

/** Signals for a graceful and for a quick end: nginx's and Gunicorn's. */
const SIGNALS = {
  proxy: { graceful: 'SIGQUIT', quick: 'SIGTERM' },
  app: { graceful: 'SIGTERM', quick: 'SIGQUIT' },
} as const satisfies Record<TierName, Record<'graceful' | 'quick', NodeJS.Signals>>;

export class Tier {
  readonly name: TierName;
  onEnd: (reason: string) => void = () => {};
  hasEnded = false;
  /** Resolves when the program is gone, at once where it never started. */
  gone: Promise<void> = Promise.resolve();
  private readonly file: string;
  private readonly words: readonly string[];
  private readonly out: LineWriter;
  private child: ChildProcess | undefined;

  constructor(name: TierName, file: string, words: readonly string[], out: LineWriter) {
    this.name = name;
    this.file = file;
    this.words = words;
    this.out = out;
  }

  /** A process group of its own: Ctrl-C reaches this program alone, which then ends both in order. */
  start(): void {
    const child = spawn(process.execPath, [this.file, ...this.words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) this.out.follow(this.name, stream);
    }
    this.gone = new Promise((resolve) => {
      child.once('error', (error) => this.end(error.message, resolve));
      child.once('close', (code, signal) => {
        this.end(signal === null ? `exit code ${code}` : `signal ${signal}`, resolve);
      });
    });
  }

  stop(how: 'graceful' | 'quick'): void {
    if (!this.hasEnded) this.child?.kill(SIGNALS[this.name][how]);
  }

  /** Resolves when the socket accepts, the program is gone, or the time is up. */
  async ready(socket: Listening | undefined, limitMs: number): Promise<void> {
    if (socket === undefined) return;
    for (const start = Date.now(); !this.hasEnded && Date.now() - start < limitMs; ) {
      if (await accepts(socket)) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  private end(reason: string, resolve: () => void): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    resolve();
    this.onEnd(reason);
  }
}

function accepts(socket: Listening): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = typeof socket === 'string' ? connect(socket) : connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
