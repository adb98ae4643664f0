/** One tier as a child program: started, its lines shown, its readiness seen, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { LastWords } from './last-words.ts';
import type { LineWriter } from './line-writer.ts';
import { accepts, type Listening } from './listening.ts';

/** Time between two looks whether a socket accepts. */
const LOOK_MS = 50;

export type TierName = 'proxy' | 'app';

/** Signals for a graceful and for a quick end: nginx's and Gunicorn's. */
const SIGNALS = {
  proxy: { graceful: 'SIGQUIT', quick: 'SIGTERM' },
  app: { graceful: 'SIGTERM', quick: 'SIGQUIT' },
} as const satisfies Record<TierName, Record<'graceful' | 'quick', NodeJS.Signals>>;

const LIFELINE = new URL(
  import.meta.url.endsWith('.ts') ? './lifeline.ts' : './lifeline.js',
  import.meta.url,
);

export class Tier {
  readonly name: TierName;
  onEnd: (reason: string) => void = () => {};
  hasEnded = false;
  /** Resolves when the program is gone, at once where it never started. */
  gone: Promise<void> = Promise.resolve();
  /** What it said last of what is wrong. */
  readonly lastWords = new LastWords();
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

  /** What people call it. */
  get title(): string {
    return this.name === 'app' ? 'the pool' : 'the proxy';
  }

  /** A process group of its own: Ctrl-C reaches this program alone, which then ends both in order. */
  start(): void {
    const child = spawn(
      process.execPath,
      ['--import', LIFELINE.href, this.file, ...this.words],
      // The channel carries nothing: it is there for the lifeline.
      { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true },
    );
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      this.out.follow(this.name, stream, (line) => this.lastWords.hear(line));
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

  /** Resolves true when the socket accepts, false when the program is gone or the time is up. */
  async ready(socket: Listening | undefined, limitMs: number): Promise<boolean> {
    if (socket === undefined) return true;
    for (const start = Date.now(); !this.hasEnded && Date.now() - start < limitMs; ) {
      if (await accepts(socket)) return true;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return false;
  }

  private end(reason: string, resolve: () => void): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    resolve();
    this.onEnd(reason);
  }
}
