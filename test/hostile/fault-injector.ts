/**
 * Throws at one chosen call out of all that are made through the classes it was shown: the first,
 * the second, and so on, until a run makes fewer calls than that.
 */

/** What is thrown. */
export class InjectedFault extends Error {}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** One per test process: classes stay wrapped. */
export class FaultInjector {
  /** Name of the call that threw, '' while none has. */
  thrownAt = '';
  /** Names of the calls made since it was armed. */
  readonly seen = new Set<string>();
  #calls = 0;
  #chosen = 0;
  #isAfter = false;
  #alwaysAt = '';
  readonly #wrapped = new Set<object>();

  /** The `chosen`th call from now on throws, before it does anything or when it has done its work. */
  arm(chosen: number, when: 'before' | 'after'): void {
    this.thrownAt = '';
    this.seen.clear();
    this.#alwaysAt = '';
    this.#calls = 0;
    this.#chosen = chosen;
    this.#isAfter = when === 'after';
  }

  /** Every call of this name throws from now on. */
  armAlways(name: string): void {
    this.arm(Number.POSITIVE_INFINITY, 'before');
    this.#alwaysAt = name;
  }

  disarm(): void {
    this.#chosen = 0;
  }

  /** Shows it the methods of a class; those that are private to it or named in `spared` are left. */
  wrap(prototype: object, name: string, spared: readonly string[] = []): void {
    if (this.#wrapped.has(prototype)) return;
    this.#wrapped.add(prototype);
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (key === 'constructor' || spared.includes(key) || typeof value !== 'function') continue;
      Object.assign(prototype, { [key]: this.wrapCall(value as Method, `${name}.${key}`) });
    }
  }

  /** The same for a single function. */
  wrapCall<F extends (...args: never[]) => unknown>(call: F, name: string): F {
    const injector = this;
    const own = call as unknown as Method;
    const wrapped: Method = function (...args) {
      const isChosen = injector.#reach(name);
      if (isChosen && !injector.#isAfter) throw new InjectedFault(`injected into ${name}`);
      const result = own.apply(this, args);
      if (isChosen) throw new InjectedFault(`injected after ${name}`);
      return result;
    };
    return wrapped as unknown as F;
  }

  #reach(name: string): boolean {
    if (this.#chosen === 0) return false;
    this.#calls++;
    this.seen.add(name);
    if (this.#calls !== this.#chosen && name !== this.#alwaysAt) return false;
    this.thrownAt = name;
    return true;
  }
}
