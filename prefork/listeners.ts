/** The listeners a master holds, and how their set changes on a reload without a gap. */
import {
  type BoundListener,
  bindListener,
  isBound,
  listenerKey,
  setPermissions,
} from './sockets.ts';
import type { BindFailure, ListenerSpec } from './types.ts';

/** The master's sockets by key. */
export class ListenerSet {
  readonly #bound = new Map<string, BoundListener>();
  /** Adopted from systemd or another master; taken by the first spec of the same key. */
  readonly #spare = new Map<string, BoundListener>();

  /** Every listener in use, in the order of the last `prepare`. */
  get all(): readonly BoundListener[] {
    return [...this.#bound.values()];
  }

  get(key: string): BoundListener | undefined {
    return this.#bound.get(key);
  }

  /** Keeps an adopted socket for the spec that will ask for its address. */
  offer(listener: BoundListener): void {
    this.#spare.set(listener.key, listener);
  }

  /** Takes an adopted socket into use as it is (a pool under systemd, which has no other bind). */
  add(listener: BoundListener): void {
    this.#bound.set(listener.key, listener);
  }

  /**
   * Binds what `specs` names and is not there yet. Old and new stand side by side until `commit`
   * closes what is no longer named, or `rollback` closes what is new.
   */
  async prepare(specs: readonly ListenerSpec[], threads: number): Promise<ListenerChange> {
    const change = new ListenerChange(this.#bound, this.#spare, specs, threads);
    await change.retry();
    return change;
  }

  /**
   * Closes everything. `unlink` also removes socket files bound here: pass false while another
   * master serves them.
   */
  close(unlink: boolean): void {
    for (const listener of this.#bound.values()) listener.close(unlink);
    for (const listener of this.#spare.values()) listener.close(false);
    this.#bound.clear();
    this.#spare.clear();
  }
}

/** A change of the set that may still be taken back. */
export class ListenerChange {
  /** The keys of the new set, in the order of its specs: for `WorkerSpec.listeners`. */
  readonly keys: readonly string[];
  /** What could not be bound; empty where all is well. */
  failures: readonly BindFailure[] = [];
  readonly #bound: Map<string, BoundListener>;
  readonly #spare: Map<string, BoundListener>;
  readonly #specs: readonly ListenerSpec[];
  readonly #threads: number;
  readonly #added: BoundListener[] = [];
  readonly #specsBefore = new Map<BoundListener, ListenerSpec>();

  constructor(
    bound: Map<string, BoundListener>,
    spare: Map<string, BoundListener>,
    specs: readonly ListenerSpec[],
    threads: number,
  ) {
    this.keys = specs.map(listenerKey);
    this.#bound = bound;
    this.#spare = spare;
    this.#specs = specs;
    this.#threads = threads;
  }

  /** Tries what has failed once more; `failures` says what still does. */
  async retry(): Promise<void> {
    const failures: BindFailure[] = [];
    for (const spec of this.#specs) {
      const failure = await this.#ensure(spec);
      if (failure !== undefined) failures.push(failure);
    }
    this.failures = failures;
  }

  /** Closes the listeners that the new set does not name. Call once its worker is ready. */
  commit(unlink = true): void {
    for (const [key, listener] of this.#bound) {
      if (this.keys.includes(key)) continue;
      this.#bound.delete(key);
      listener.close(unlink);
    }
    for (const listener of this.#bound.values()) {
      listener.shrink(this.#threads);
      const { spec } = listener;
      if (this.#specsBefore.has(listener) && spec.kind === 'unix' && !listener.isAdopted) {
        setPermissions(spec);
      }
    }
  }

  /** Closes what this change bound and puts the former options back. */
  rollback(): void {
    for (const listener of this.#added) {
      this.#bound.delete(listener.key);
      if (listener.isAdopted) this.#spare.set(listener.key, listener);
      else listener.close(true);
    }
    for (const [listener, spec] of this.#specsBefore) listener.spec = spec;
    this.#added.length = 0;
  }

  async #ensure(spec: ListenerSpec): Promise<BindFailure | undefined> {
    const key = listenerKey(spec);
    const known = this.#bound.get(key);
    if (known !== undefined) return this.#keep(known, spec);
    const spare = this.#spare.get(key);
    const result = spare ?? (await bindListener(spec, this.#threads));
    if (!isBound(result)) return result;
    this.#spare.delete(key);
    this.#bound.set(key, result);
    this.#added.push(result);
    return undefined;
  }

  /**
   * SO_REUSEPORT belongs to a socket for life: a listener keeps what it was bound with, and only
   * the backlog and a socket file's permissions change.
   */
  #keep(listener: BoundListener, spec: ListenerSpec): BindFailure | undefined {
    if (this.#added.includes(listener)) return undefined;
    if (!this.#specsBefore.has(listener)) this.#specsBefore.set(listener, listener.spec);
    const before = listener.spec;
    if (before.kind === 'tcp') listener.spec = { ...before, backlog: spec.backlog };
    else if (spec.kind === 'unix') listener.spec = spec;
    return listener.grow(this.#threads);
  }
}
