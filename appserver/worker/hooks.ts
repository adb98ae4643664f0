/** An application's life beside its requests: the exports `startup` and `shutdown` of its module. */
import { inspect } from 'node:util';
import { AppLoadError, EXIT_BOOT_ERROR } from '../errors.ts';
import type { WorkerFacts } from '../gateway.ts';

type Exports = Readonly<Record<string, unknown>>;

/** See `ApplicationModule` in appserver/gateway.ts. */
export class Hooks {
  readonly #exports: Exports;
  #isStarted = false;

  constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** Throws AppLoadError with the reason where `startup` does. */
  async startup(facts: WorkerFacts): Promise<void> {
    const { startup } = this.#exports;
    if (typeof startup === 'function') {
      try {
        await startup(facts);
      } catch (cause) {
        throw new AppLoadError('Exception in startup() of the application', EXIT_BOOT_ERROR, {
          cause,
          detail: inspect(cause),
        });
      }
    }
    this.#isStarted = true;
  }

  /** At most once, and only where `startup` came to its end. Rejects with what `shutdown` throws. */
  async shutdown(): Promise<void> {
    const { shutdown } = this.#exports;
    if (!this.#isStarted || typeof shutdown !== 'function') return;
    this.#isStarted = false;
    await shutdown();
  }
}
