/**
 * The variables of one load: built-in ones from the modules' tables, and those that `set`, `map` and
 * named captures define. Built-in ones are read through a getter; defined ones live in numbered
 * slots of the request.
 */
import { fail, type Place } from '../config/directive.ts';
import type { HttpRequest } from './request.ts';
import type { Getter } from './script.ts';

interface BuiltIn {
  readonly name: string;
  /** Present where `set` may change it (`$args`, `$limit_rate`). */
  readonly set?: (r: HttpRequest, value: string) => void;
  /** Whether `set`, `map` and named captures may take its place (nginx NGX_HTTP_VAR_CHANGEABLE). */
  readonly isChangeable?: boolean;
}

/** One built-in variable. */
export interface PlainVariableRow extends BuiltIn {
  readonly isPrefix?: false;
  readonly get: Getter;
}

/** A family such as `http_` whose names share a prefix; `get` receives the rest of the name. */
export interface PrefixVariableRow extends BuiltIn {
  readonly isPrefix: true;
  readonly get: (r: HttpRequest, rest: string) => string | undefined;
}

export type VariableRow = PlainVariableRow | PrefixVariableRow;

/**
 * Variables of nginx's modules that are not here: there too nothing may be defined by these names.
 */
const TAKEN: ReadonlySet<string> = new Set(
  (
    'connection_time connections_active connections_reading connections_waiting connections_writing ' +
    'date_gmt date_local fastcgi_path_info fastcgi_script_name gzip_ratio secure_link ' +
    'secure_link_expires slice_range tcpinfo_rcv_space tcpinfo_rtt tcpinfo_rttvar tcpinfo_snd_cwnd ' +
    'uid_got uid_set'
  ).split(' '),
);

/** What nginx lets `set` change and has no effect here: refused, as the directive of its name is. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['limit_rate']);

/** Writes one variable. */
export type Setter = (r: HttpRequest, value: string) => void;

interface Slot {
  readonly index: number;
  /** Computes a value on first use (`map`); kept in the slot unless `isVolatile`. */
  compute: Getter | undefined;
  isVolatile: boolean;
  /** Whether it was said what the variable is worth before it is set (nginx `get_handler`). */
  isDecided: boolean;
}

export class VariableRegistry {
  private readonly rows = new Map<string, PlainVariableRow>();
  private readonly prefixes: PrefixVariableRow[] = [];
  private readonly slots = new Map<string, Slot>();

  /** How many slots a request needs. */
  get slotCount(): number {
    return this.slots.size;
  }

  addRows(rows: readonly VariableRow[]): void {
    for (const row of rows) {
      if (row.isPrefix === true) this.prefixes.push(row);
      else this.rows.set(row.name, row);
    }
  }

  /**
   * Defines `$name` for a named capture, without a value before its expression matched, and returns
   * its writer. Throws nginx's `the duplicate "uri" variable` for a built-in one that may not change.
   */
  define(name: string, at: Place): Setter {
    return this.defined(name, at, undefined);
  }

  /**
   * Defines `$name` for `set` and returns its writer. Unless a map or an expression defines it too,
   * `unset` gives its value before it is set. Throws as `define`.
   */
  defineSettable(name: string, at: Place, unset: Getter): Setter {
    return this.defined(name, at, unset);
  }

  /**
   * Defines `$name` as computed on first use (`map`); a volatile one is computed each time. Throws
   * as `define`.
   */
  defineComputed(name: string, at: Place, compute: Getter, isVolatile: boolean): void {
    this.settable(name, at);
    const slot = this.slotOf(name);
    slot.compute = compute;
    slot.isVolatile = isVolatile;
    slot.isDecided = true;
  }

  private defined(name: string, at: Place, unset: Getter | undefined): Setter {
    const set = this.settable(name, at);
    if (set !== undefined) return set;
    const slot = this.slotOf(name);
    if (unset === undefined || !slot.isDecided) slot.compute = unset;
    slot.isDecided = true;
    const { index } = slot;
    return (r, value) => {
      slotsOf(r, this)[index] = value;
    };
  }

  /** The writer of a built-in variable, `undefined` where there is none of the name. */
  private settable(name: string, at: Place): Setter | undefined {
    if (UNSUPPORTED.has(name)) fail(at, `variable "${name}" is not supported by Tandem`);
    const row = this.rows.get(name);
    if (row === undefined) {
      if (TAKEN.has(name)) fail(at, `the duplicate "${name}" variable`);
      return undefined;
    }
    if (row.isChangeable === true) this.makeSlotOf(row);
    else if (row.set === undefined) fail(at, `the duplicate "${name}" variable`);
    return row.set;
  }

  /** Until something is written its own value counts. */
  private makeSlotOf(row: PlainVariableRow): void {
    if (this.slots.has(row.name)) return;
    const slot = this.slotOf(row.name);
    slot.compute = row.get;
    slot.isVolatile = true;
    slot.isDecided = true;
  }

  /** A getter for `$name`, or `undefined` where no such variable exists. */
  find(name: string): Getter | undefined {
    const slot = this.slots.get(name);
    if (slot !== undefined) return slotGetter(slot, this);
    const row = this.rows.get(name);
    if (row !== undefined) return row.get;
    for (const prefix of this.prefixes) {
      if (!name.startsWith(prefix.name)) continue;
      const rest = name.slice(prefix.name.length);
      return (r) => prefix.get(r, rest);
    }
    return undefined;
  }

  private slotOf(name: string): Slot {
    let slot = this.slots.get(name);
    if (slot === undefined) {
      slot = {
        index: this.slots.size,
        compute: undefined,
        isVolatile: false,
        isDecided: false,
      };
      this.slots.set(name, slot);
    }
    return slot;
  }
}

function slotsOf(r: HttpRequest, registry: VariableRegistry): (string | undefined)[] {
  r.slots ??= new Array<string | undefined>(registry.slotCount).fill(undefined);
  return r.slots;
}

function slotGetter(slot: Slot, registry: VariableRegistry): Getter {
  const { index } = slot;
  return (r) => {
    const known = r.slots?.[index];
    // `compute` is read here, not outside: a `map` may stand after its first use in the file.
    if (known !== undefined || slot.compute === undefined) return known;
    const value = slot.compute(r);
    if (value !== undefined && !slot.isVolatile) slotsOf(r, registry)[index] = value;
    return value;
  };
}
