/**
 * The variables of one load: built-in ones from the modules' tables, and those that `set`, `map` and
 * named captures define. Built-in ones are read through a getter; defined ones live in numbered
 * slots of the request.
 */
import { ConfigError } from '../config/directive.ts';
import type { HttpRequest } from './request.ts';
import type { Getter } from './script.ts';

/** One built-in variable, or a family such as `http_` whose names share a prefix. */
export interface VariableRow {
  readonly name: string;
  /** Whether `name` is a prefix: `get` then receives the rest of the name. */
  readonly isPrefix?: boolean;
  get(r: HttpRequest, rest: string): string | undefined;
  /** Present where `set` may change it (`$args`, `$limit_rate`). */
  readonly set?: (r: HttpRequest, value: string) => void;
}

/** Writes one variable. */
export type Setter = (r: HttpRequest, value: string) => void;

interface Slot {
  readonly index: number;
  /** Computes a value on first use (`map`); kept in the slot unless `isVolatile`. */
  compute: Getter | undefined;
  isVolatile: boolean;
}

export class VariableRegistry {
  private readonly rows = new Map<string, VariableRow>();
  private readonly prefixes: VariableRow[] = [];
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
   * Defines `$name` for `set` or a named capture and returns its writer. Throws nginx's
   * `the duplicate "uri" variable` for a built-in one that may not change.
   */
  define(name: string, at?: { file: string; line: number }): Setter {
    const row = this.rows.get(name);
    if (row !== undefined) {
      const { set } = row;
      if (set === undefined) throw new ConfigError(`the duplicate "${name}" variable`, at);
      return set;
    }
    const { index } = this.slotOf(name);
    return (r, value) => {
      slotsOf(r, this)[index] = value;
    };
  }

  /** Defines `$name` as computed on first use (`map`); a volatile one is computed each time. */
  defineComputed(name: string, compute: Getter, isVolatile: boolean): void {
    const slot = this.slotOf(name);
    slot.compute = compute;
    slot.isVolatile = isVolatile;
  }

  /** A getter for `$name`, or `undefined` where no such variable exists. */
  find(name: string): Getter | undefined {
    const slot = this.slots.get(name);
    if (slot !== undefined) return slotGetter(slot, this);
    const row = this.rows.get(name);
    if (row !== undefined) return (r) => row.get(r, '');
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
      slot = { index: this.slots.size, compute: undefined, isVolatile: false };
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
    const value = slot.compute(r) ?? '';
    if (!slot.isVolatile) slotsOf(r, registry)[index] = value;
    return value;
  };
}
