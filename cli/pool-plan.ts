/**
 * Which pool is to answer which upstream of nginx.conf, and where it has to listen for that. The
 * front can only ask where the file leads, so the file decides, unless `--bind` does.
 */
import type { PoolDescription } from '../appserver/describe.ts';
import type { Description, Destination, DestinationServer } from '../proxy/describe.ts';
import { accepts } from './listening.ts';
import { type Address, isLocal, reaches, showAddress } from './local-address.ts';

/** One `--app`. */
export interface AppOption {
  /** The upstream it is for; `undefined` takes the first that nobody else answers. */
  readonly upstream: string | undefined;
  /** `module:export`; `undefined` leaves it to appserver.config.ts. */
  readonly app: string | undefined;
}

/** One pool to start. */
export interface PoolPlan {
  readonly option: AppOption;
  /** Addresses to give with `--bind`; empty where its own settings say where. */
  readonly bind: readonly Address[];
  /** The servers of the file that the pool is to answer, each with what leads there. */
  readonly served: readonly Served[];
}

export interface Served {
  readonly server: DestinationServer;
  readonly destination: Destination;
}

export interface Plan {
  readonly pools: readonly PoolPlan[];
  /** Works all the same, but somebody should look at it. */
  readonly warnings: readonly string[];
  /** Why nothing can be started; empty where all is well. */
  readonly problems: readonly string[];
}

/** Plans the pools of one file. `pool` is what the settings say, `undefined` where they are broken. */
export async function planPools(
  file: string,
  described: Description,
  apps: readonly AppOption[],
  pool: PoolDescription | undefined,
): Promise<Plan> {
  const planner = new Planner(file, described, pool);
  planner.checkWords(apps);
  for (const option of apps) if (option.upstream !== undefined) planner.planNamed(option);
  for (const option of apps) if (option.upstream === undefined) await planner.planFree(option);
  await planner.look();
  return planner;
}

class Planner implements Plan {
  readonly pools: PoolPlan[] = [];
  readonly warnings: string[] = [];
  readonly problems: string[] = [];
  readonly #file: string;
  readonly #described: Description;
  readonly #pool: PoolDescription | undefined;
  /** What leads to this machine, without what leads back to the proxy. */
  readonly #local: readonly Destination[];

  constructor(file: string, described: Description, pool: PoolDescription | undefined) {
    this.#file = file;
    this.#described = described;
    this.#pool = pool;
    this.#local = described.destinations.known
      .map((each) => ({ ...each, servers: each.servers.filter((server) => this.#isFree(server)) }))
      .filter(({ servers }) => servers.length > 0);
  }

  #isFree({ address }: DestinationServer): boolean {
    return isLocal(address) && !this.#described.listens.some(({ at }) => reaches(address, at));
  }

  /** One `--bind` cannot be that of several pools. */
  checkWords(apps: readonly AppOption[]): void {
    if (this.#pool?.boundBy !== 'words') return;
    if (apps.length === 1 && apps[0]?.upstream === undefined) return;
    this.problems.push(
      `--bind works only with a single --app MODULE:EXPORT: otherwise ${this.#file} says where each pool listens`,
    );
  }

  /** `--app NAME=MODULE`: the pool listens where that upstream leads. */
  planNamed(option: AppOption): void {
    const name = option.upstream!.toLowerCase();
    const destination = this.#local.find((each) => each.name.toLowerCase() === name);
    if (destination !== undefined) {
      this.#take(option, addressesOf(destination));
      return;
    }
    const others = this.#local.map((each) => each.name).join(', ');
    const have = others === '' ? 'it has none' : `it has ${others}`;
    this.problems.push(
      `${this.#file} has no upstream "${option.upstream}" on this machine: ${have}`,
    );
  }

  async planFree(option: AppOption): Promise<void> {
    const pool = this.#pool;
    // What is wrong with the settings the pool says itself, wherever it would listen.
    if (pool === undefined) {
      this.pools.push({ option, bind: [], served: [] });
      return;
    }
    const bound = pool.bind.map(({ at }) => at);
    if (bound.includes(undefined)) {
      // A socket that is there already: nobody knows where it leads.
      this.pools.push({ option, bind: [], served: [] });
      return;
    }
    if (this.#servedAt(bound as Address[]).length > 0) {
      this.#take(option, bound as Address[], true);
    } else if (pool.boundBy === 'words') this.#refuseWords(option, pool);
    else await this.#choose(option, pool);
  }

  /** The operator said where, and no line that we can read leads there. */
  #refuseWords(option: AppOption, { bind }: PoolDescription): void {
    const { open } = this.#described.destinations;
    const places = bind.map(({ text }) => text).join(' and ');
    if (open.length > 0) {
      this.warnings.push(
        `proxy_pass "${open[0]}" in ${this.#file} contains variables: whether it leads to the pool at ` +
          `${places} depends on the request`,
      );
      this.pools.push({ option, bind: [], served: [] });
      return;
    }
    const leads = this.#local.flatMap(({ servers }) => servers.map(({ name }) => name));
    this.problems.push(
      `no upstream in ${this.#file} leads to the pool at ${places}` +
        (leads.length === 0 ? '' : `: they lead to ${[...new Set(leads)].join(', ')}`),
    );
  }

  async #choose(option: AppOption, pool: PoolDescription): Promise<void> {
    const rest = this.#local.filter(
      ({ servers }) => !servers.every(({ address }) => this.#isTaken(address)),
    );
    const chosen = (await firstSilent(rest)) ?? rest[0];
    if (chosen === undefined) {
      this.problems.push(this.#nowhere());
      return;
    }
    this.#take(option, addressesOf(chosen));
    if (pool.boundBy !== 'settings') return;
    const said = pool.bind.map(({ text }) => text).join(' and ');
    const told = addressesOf(chosen).map(showAddress).join(' and ');
    this.warnings.push(
      `the settings bind ${said}, but nothing in ${this.#file} leads there: the pool listens at ${told}`,
    );
  }

  #nowhere(): string {
    const { known, open } = this.#described.destinations;
    if (open.length > 0) {
      return (
        `proxy_pass "${open[0]}" in ${this.#file} contains variables, so it does not say where the pool ` +
        'must listen: use tandem up -- --bind ADDRESS'
      );
    }
    if (this.pools.length > 0) {
      return `every upstream in ${this.#file} already has an application: remove the last --app`;
    }
    const [first] = known.flatMap(({ servers }) => servers);
    const why = first === undefined ? 'has no proxy_pass' : `leads elsewhere (${first.name})`;
    return (
      `${this.#file} ${why}, so no request would reach the application: add a proxy_pass to this ` +
      'machine, or start only tandem-proxy'
    );
  }

  #take(option: AppOption, bound: readonly Address[], isSaid = false): void {
    const clash = bound.find((address) => this.#isTaken(address));
    if (clash !== undefined) {
      this.problems.push(`two applications for ${showAddress(clash)}`);
      return;
    }
    this.pools.push({ option, bind: isSaid ? [] : bound, served: this.#servedAt(bound) });
  }

  #servedAt(bound: readonly Address[]): Served[] {
    return this.#local.flatMap((destination) =>
      destination.servers
        .filter(({ address }) => bound.some((each) => reaches(address, each)))
        .map((server) => ({ server, destination })),
    );
  }

  #isTaken(address: Address): boolean {
    return this.pools.some(({ served }) =>
      served.some(({ server }) => reaches(server.address, address)),
    );
  }

  /** Who else is asked, and is not there; and who is in the way. */
  async look(): Promise<void> {
    const seen = new Set<string>();
    for (const destination of this.#local) {
      for (const { address, name } of destination.servers) {
        if (seen.has(name)) continue;
        seen.add(name);
        const leads = `${showDestination(destination)} in ${this.#file} leads to ${name}`;
        const isOurs = this.#isTaken(address);
        const isThere = await accepts(address);
        if (isOurs && isThere) this.problems.push(inTheWay(address, leads));
        else if (!isOurs && !isThere && this.pools.length > 0 && this.#pool !== undefined) {
          this.warnings.push(
            `${leads}, where nothing listens: start that server, or name an application with --app ` +
              `${destination.name}=MODULE:EXPORT`,
          );
        }
      }
    }
  }
}

function inTheWay(address: Address, leads: string): string {
  if ('path' in address) {
    return (
      `another pool answers at ${showAddress(address)}: is tandem already running in this folder? ` +
      'Stop it first'
    );
  }
  return `${leads}, which is in use by another program: stop that, or change the port`;
}

/** `upstream "app"`, or `proxy_pass to 127.0.0.1:9000`. */
export function showDestination({ name, isBlock }: Destination): string {
  return isBlock ? `upstream "${name}"` : `proxy_pass to ${name}`;
}

/** The first whose servers nobody runs yet. */
async function firstSilent(list: readonly Destination[]): Promise<Destination | undefined> {
  for (const each of list) {
    const answers = await Promise.all(each.servers.map(({ address }) => accepts(address)));
    if (!answers.includes(true)) return each;
  }
  return undefined;
}

/** Where to listen for all of its servers. "Any" address would open the pool to the network. */
function addressesOf({ servers }: Destination): Address[] {
  return servers.map(({ address }) => {
    if ('path' in address) return address;
    const { host, port } = address;
    return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
  });
}
