/**
 * Ends the tiers in order: the proxy first, so that no request meets a pool that is gone. One that
 * takes long waits for what has no end of its own, a stream of events or a WebSocket, and only the
 * pool's application can end these: so the pool is told too.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { LineWriter } from './line-writer.ts';
import type { Tier } from './tier.ts';

/** npm passes on the Ctrl-C that the terminal has delivered already: what comes so soon is the same one. */
const SAME_REQUEST_MS = 300;

/** How long the next tier waits for the one before it to be gone. */
const HEAD_START_MS = 2000;

export class Stopper {
  isStopping = false;
  private askedAt = Number.NEGATIVE_INFINITY;
  private readonly tiers: readonly Tier[];
  private readonly out: LineWriter;
  /** The tier that ended by itself, and how. */
  private failure: { readonly tier: Tier; readonly reason: string } | undefined;
  private misfit: string | undefined;
  private readonly done: Promise<number>;
  private finish: (code: number) => void = () => {};

  /** From now on signals and the end of a tier end all; `tiers` in the order they are stopped. */
  constructor(tiers: readonly Tier[], out: LineWriter) {
    this.tiers = tiers;
    this.out = out;
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.asked());
    }
    // Whoever read the lines has gone; nobody would see what the tiers say.
    out.onGone = () => {
      if (!this.isStopping) void this.stopAll();
    };
    for (const tier of tiers) tier.onEnd = (reason) => this.ended(tier, reason);
  }

  /** Resolves with the exit code when all is ended. */
  whenDone(): Promise<number> {
    return this.done;
  }

  /** A second Ctrl-C does not wait for requests under way. */
  private asked(): void {
    if (performance.now() - this.askedAt < SAME_REQUEST_MS) return;
    this.askedAt = performance.now();
    if (this.isStopping) {
      this.out.say('stopping at once');
      for (const tier of this.tiers) tier.stop('quick');
      return;
    }
    this.out.say('finishing the requests in progress; a second Ctrl-C stops at once');
    void this.stopAll();
  }

  /** Ends all, since something does not fit. */
  fail(reason: string): void {
    if (this.isStopping) return;
    this.misfit = reason;
    this.out.complain(`${reason}; stopping`);
    void this.stopAll();
  }

  private ended(tier: Tier, reason: string): void {
    if (this.isStopping) return;
    this.failure = { tier, reason };
    this.out.complain(`${tier.title} ended unexpectedly (${reason}); stopping`);
    void this.stopAll();
  }

  private async stopAll(): Promise<void> {
    this.isStopping = true;
    for (const tier of this.tiers) {
      tier.stop('graceful');
      await Promise.race([tier.gone, wait(HEAD_START_MS, undefined, { ref: false })]);
    }
    await Promise.all(this.tiers.map(({ gone }) => gone));
    this.out.say('stopped');
    if (this.failure !== undefined) this.explain(this.failure);
    if (this.misfit !== undefined) this.out.complain(this.misfit);
    this.finish(this.failure === undefined && this.misfit === undefined ? 0 : 1);
  }

  /** The last lines on the terminal say what to mend. */
  private explain({ tier, reason }: { tier: Tier; reason: string }): void {
    const { lines } = tier.lastWords;
    if (lines.length === 0) {
      this.out.complain(`${tier.title} failed: ${reason}; see its lines above`);
      return;
    }
    this.out.complain(`${tier.title} failed:`);
    for (const line of lines) this.out.complain(`  ${line}`);
    if (tier.lastWords.advice !== undefined) this.out.complain(tier.lastWords.advice);
  }
}
