/**
 * The master's signals: caught from the first moment, held until the owner can act, then given to it
 * one by one in the order they came. Imports nothing, so that a launcher can have it first.
 */

/** What masters act on. Which of them mean what is the tier's policy. */
export const MASTER_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTTIN',
  'SIGTTOU',
  'SIGWINCH',
] as const satisfies readonly NodeJS.Signals[];

export type MasterSignal = (typeof MASTER_SIGNALS)[number];

/** Without a handler HUP and USR2 kill, TTIN stops the process, USR1 opens Node's inspector. */
export class SignalQueue {
  readonly #waiting: MasterSignal[] = [];
  readonly #listeners = new Map<MasterSignal, () => void>();
  #act: ((signal: MasterSignal) => void) | undefined;

  /** Catches the signals at once. */
  constructor(signals: readonly MasterSignal[] = MASTER_SIGNALS) {
    for (const signal of signals) {
      const listener = (): void => this.#receive(signal);
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /**
   * Gives `act` what came so far, then each signal as it comes. It is called outside of any other
   * work and must return soon: what takes time (a reload, a drain) is started, not awaited, so that
   * a second Ctrl-C can cut it short.
   */
  start(act: (signal: MasterSignal) => void): void {
    this.#act = act;
    for (const signal of this.#waiting.splice(0)) act(signal);
  }

  /** Holds signals again until the next `start`. */
  hold(): void {
    this.#act = undefined;
  }

  /** Gives the signals back to Node. */
  close(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
    this.#listeners.clear();
  }

  #receive(signal: MasterSignal): void {
    if (this.#act === undefined) this.#waiting.push(signal);
    else this.#act(signal);
  }
}
