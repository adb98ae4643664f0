/** What belongs to one load of the http block as a whole. */
import type { Load, ModuleKey, Place, Scope } from '../config/directive.ts';
import { ConfigError } from '../config/directive.ts';
import { hasVariables, parseValue, type ValuePart } from '../config/values.ts';
import { LogFiles } from '../log/log-file.ts';
import type { VirtualServer } from './location.ts';
import { captureGetter, constantValue, type Getter, joinedValue, type Value } from './script.ts';
import { SharedZones } from './shared-zones.ts';
import { VariableRegistry, type VariableRow } from './variables.ts';

/** For words whose form was checked when they were read. */
const NOWHERE: Place = { file: 'configuration', line: 0 };

/** The http block of one load: its variables, servers and what modules keep for it. */
export class HttpLoad {
  readonly load: Load;
  readonly variables = new VariableRegistry();
  readonly servers: VirtualServer[] = [];
  /** Log files that locations write to. */
  readonly logs = new LogFiles();
  readonly zones = new SharedZones();
  private readonly states = new Map<ModuleKey, object>();

  constructor(load: Load) {
    this.load = load;
    loads.set(load, this);
    this.variables.addRows(builtIn.get(load) ?? []);
  }

  /** State that a module keeps per load (upstreams by name, log files), made by `make` at first. */
  state<S extends object>(module: ModuleKey, make: () => S): S {
    let state = this.states.get(module) as S | undefined;
    if (state === undefined) {
      state = make();
      this.states.set(module, state);
    }
    return state;
  }

  /**
   * Compiles a word with variables. Throws `unknown "x" variable`, which nginx reports without a place.
   *
   * @param capture makes the getter of `$1` and the like
   */
  value(word: string, at: Place = NOWHERE, capture = captureGetter): Value {
    if (!hasVariables(word)) return constantValue(word);
    const { parts } = parseValue(word, at);
    return joinedValue(parts.map((part) => this.part(part, capture)));
  }

  private part(part: ValuePart, capture: (n: number) => Getter): string | Getter {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'capture') return capture(part.number);
    return this.getter(part.name);
  }

  /** The getter of `$name`. */
  getter(name: string): Getter {
    const getter = this.variables.find(name);
    if (getter === undefined) throw new ConfigError(`unknown "${name}" variable`);
    return getter;
  }
}

const loads = new WeakMap<Load, HttpLoad>();
const builtIn = new WeakMap<Load, readonly VariableRow[]>();

/** Says which variables the http block will have by itself; before it is read. */
export function giveVariables(load: Load, rows: readonly VariableRow[]): void {
  builtIn.set(load, rows);
}

/** The http load that a scope belongs to; for use in directive rows. */
export function httpLoadOf(scope: Scope): HttpLoad {
  const load = loads.get(scope.load);
  if (load === undefined) throw new Error('the scope does not belong to an http block');
  return load;
}
