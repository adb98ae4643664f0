/** One tier as a child program: started, its lines shown, its readiness seen, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { LastWords } from './last-words.ts';
import type { LineWriter } from './line-writer.ts';
import type { Address } from './local-address.ts';
import { LIFELINE } from './places.ts';

export type TierKind = 'proxy' | 'pool';

/** A variable by which the proxy stays in the foreground though its file says `daemon on;`. */
const STAY = { TANDEM_FOREGROUND: '1' };

/** Signals for a graceful and for a quick end: nginx's and Gunicorn's. */
const SIGNALS = {
  proxy: { graceful: 'SIGQUIT', quick: 'SIGTERM' },
  pool: { graceful: 'SIGTERM', quick: 'SIGQUIT' },
} as const satisfies Record<TierKind, Record<'graceful' | 'quick', NodeJS.Signals>>;

/** What the lifeline passes on. */
interface ServingNews {
  readonly listeners: readonly Address[];
}

export class Tier {
  /** What its lines are marked with. */
  readonly name: string;
  readonly kind: TierKind;
  /** What people call it: `the pool`. */
  readonly title: string;
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
  private serves: (listeners: readonly Address[] | undefined) => void = () => {};
  private readonly serving: Promise<readonly Address[] | undefined>;

  constructor(
    who: { readonly kind: TierKind; readonly name: string; readonly title: string },
    file: string,
    words: readonly string[],
    out: LineWriter,
  ) {
    this.kind = who.kind;
    this.name = who.name;
    this.title = who.title;
    out.expect(who.name);
    this.file = file;
    this.words = words;
    this.out = out;
    this.serving = new Promise((resolve) => {
      this.serves = resolve;
    });
  }

  /** A process group of its own: Ctrl-C reaches this program alone, which then ends both in order. */
  start(): void {
    const child = spawn(
      process.execPath,
      ['--import', LIFELINE.href, this.file, ...this.words],
      // The channel is the lifeline's.
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: true,
        env: this.kind === 'proxy' ? { ...process.env, ...STAY } : process.env,
      },
    );
    this.child = child;
    child.once('message', (news) => this.serves((news as ServingNews).listeners));
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
    if (!this.hasEnded) this.child?.kill(SIGNALS[this.kind][how]);
  }

  /**
   * Resolves with where the program accepts, once it has told so itself: at its addresses somebody
   * else could answer. `undefined` where it ended before.
   */
  whenServing(): Promise<readonly Address[] | undefined> {
    return this.serving;
  }

  private end(reason: string, resolve: () => void): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.serves(undefined);
    resolve();
    this.onEnd(reason);
  }
}
