/**
 * The shared memory zones of one load: named and sized by directives, made by the master's worker
 * process, one memory for all its threads. See nginx `ngx_shared_memory_add`.
 *
 * A reload makes them anew, in the next worker process; see docs/differences.md.
 */
import {
  ConfigError,
  type Directive,
  fail,
  failDirective,
  type ModuleKey,
} from '../config/directive.ts';
import { parseSize } from '../config/units.ts';
import { KeyZone } from '../zones/key-zone.ts';
import type { LockOwner } from '../zones/lock.ts';

/** nginx: eight pages. */
const LEAST_BYTES = 8 * 4096;
/** Names in `WorkerSpec.shared` that are zones begin so. */
const PREFIX = 'zone ';

/** One zone; its memory is there from the start of the thread on. */
export class SharedZone {
  readonly name: string;
  readonly use: ModuleKey;
  sizeBytes: number;
  private keys: KeyZone | undefined = undefined;

  constructor(name: string, use: ModuleKey, sizeBytes: number) {
    this.name = name;
    this.use = use;
    this.sizeBytes = sizeBytes;
  }

  attach(memory: SharedArrayBuffer, owner: LockOwner): void {
    this.keys = new KeyZone(memory, owner);
  }

  /** The memory; for steps, which run in a started thread alone. */
  get memory(): KeyZone {
    if (this.keys === undefined) throw new Error(`zone "${this.name}" has no memory yet`);
    return this.keys;
  }
}

export class SharedZones {
  private readonly zones = new Map<string, SharedZone>();

  /** The zone of that name; `sizeBytes` is 0 where it is only referred to. Throws at `directive`. */
  add(name: string, sizeBytes: number, use: ModuleKey, directive: Directive): SharedZone {
    const known = this.zones.get(name);
    if (known === undefined) {
      const zone = new SharedZone(name, use, sizeBytes);
      this.zones.set(name, zone);
      return zone;
    }
    if (known.use !== use) {
      fail(directive, `the shared memory zone "${name}" is already declared for a different use`);
    }
    if (known.sizeBytes === 0) known.sizeBytes = sizeBytes;
    if (sizeBytes !== 0 && sizeBytes !== known.sizeBytes) {
      const conflict = `conflicts with already declared size ${known.sizeBytes}`;
      fail(directive, `the size ${sizeBytes} of shared memory zone "${name}" ${conflict}`);
    }
    return known;
  }

  /**
   * The zone that a directive declares with a key; `bound` are those of its module that have one
   * already. Throws at `directive`.
   */
  declare(
    word: ZoneWord | undefined,
    use: ModuleKey,
    directive: Directive,
    bound: ReadonlyMap<SharedZone, { readonly keyWord: string }>,
  ): SharedZone {
    if (word === undefined || word.name === '') failWithoutZone(directive);
    const zone = this.add(word.name, word.sizeBytes, use, directive);
    const known = bound.get(zone);
    if (known === undefined) return zone;
    const text = `${directive.name} "${word.name}" is already bound to key "${known.keyWord}"`;
    fail(directive, text);
  }

  /** Throws where a zone is referred to and never declared (nginx `ngx_init_cycle`). */
  check(): void {
    for (const { name, sizeBytes } of this.zones.values()) {
      if (sizeBytes === 0) throw new ConfigError(`zero size shared memory zone "${name}"`);
    }
  }

  /** What the worker process must make: bytes by name. */
  get sizes(): Readonly<Record<string, number>> {
    const all = [...this.zones.values()];
    return Object.fromEntries(all.map(({ name, sizeBytes }) => [PREFIX + name, sizeBytes]));
  }

  /** Gives each zone the memory that was made for it. */
  attach(shared: Readonly<Record<string, SharedArrayBuffer>>, owner: LockOwner): void {
    for (const zone of this.zones.values()) {
      const memory = shared[PREFIX + zone.name];
      if (memory === undefined) throw new Error(`no memory for zone "${zone.name}"`);
      zone.attach(memory, owner);
    }
  }
}

/** Name and size of `zone=NAME:SIZE`, as limit_req_zone and limit_conn_zone read it. */
export interface ZoneWord {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Reads a word that starts with `zone=`. Throws nginx's errors at the directive. */
export function readZoneWord(word: string, directive: Directive): ZoneWord {
  const colon = word.indexOf(':');
  const sizeBytes = colon === -1 ? undefined : parseSize(word.slice(colon + 1));
  if (sizeBytes === undefined) fail(directive, `invalid zone size "${word}"`);
  if (sizeBytes < LEAST_BYTES) fail(directive, `zone "${word}" is too small`);
  return { name: word.slice('zone='.length, colon), sizeBytes };
}

/** For a directive without its zone. */
export function failWithoutZone(directive: Directive): never {
  fail(directive, `"${directive.name}" must have "zone" parameter`);
}

/** For a zone that stands twice at one level. */
export function failDuplicateZone(directive: Directive): never {
  failDirective(directive, 'is duplicate');
}
