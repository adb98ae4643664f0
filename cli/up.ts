/**
 * `tandem up`: runs the two tiers as programs of their own, shows their lines side by side, and ends
 * all when one ends or the user asks.
 *
 * ```
 *   tandem up --+-- tandem-appserver    first: the proxy has somebody to ask when it opens
 *               +-- ...                 one for each --app
 *               +-- tandem-proxy        when every pool serves
 * ```
 */
import { existsSync, mkdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describePool, type PoolDescription } from '../appserver/describe.ts';
import { type Description, describeConfiguration } from '../proxy/describe.ts';
import { findKeepaliveClashes } from './keepalive.ts';
import { LineWriter } from './line-writer.ts';
import { accepts } from './listening.ts';
import { type Address, reaches, showAddress } from './local-address.ts';
import { BIN } from './places.ts';
import { type AppOption, type PoolPlan, planPools, showDestination } from './pool-plan.ts';
import { Stopper } from './stopper.ts';
import { Tier } from './tier.ts';
import type { UpOptions } from './up-options.ts';

/** A file that serves any application. */
const EXAMPLE = fileURLToPath(new URL('../examples/apps/nginx.conf', BIN));

/** When it is said that something takes long. */
const LONG_MS = 5000;

/** Runs until a tier fails or the user stops; resolves with the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const out = new LineWriter(process.stdout);
  if (!existsSync(options.file)) {
    out.complain(
      `there is no ${options.file} in ${process.cwd()}; use -c FILE to name another one`,
    );
    if (options.file === 'nginx.conf') {
      const path = relative(process.cwd(), EXAMPLE);
      out.say(`to start with an example: cp ${path.startsWith('..') ? EXAMPLE : path} .`);
    }
    return 1;
  }
  const described = describeConfiguration(process.cwd(), options.file);
  if ('error' in described) {
    out.line('proxy', `nginx: [emerg] ${described.error}`);
    for (const line of described.further) out.line('proxy', line);
    out.complain(`the proxy cannot run ${options.file}, see above; nothing was started`);
    return 1;
  }
  const settings = await describePool([...appWords(options.apps[0]), ...options.poolWords]);
  const plan = await planPools(options.file, described, options.apps, settings);
  const problems = [
    ...findMissingApp(options, settings),
    ...plan.problems,
    ...(await findOccupied(options.file, described)),
  ];
  if (problems.length > 0) {
    for (const problem of problems) out.complain(problem);
    out.say('nothing was started');
    return 1;
  }
  for (const warning of plan.warnings) out.warn(warning);
  for (const clash of keepaliveClashes(options.file, described, plan.pools, settings)) {
    out.warn(clash);
  }
  const sockets = plan.pools.flatMap(({ bind, served }) => [
    ...bind,
    ...served.map(({ server }) => server.address),
  ]);
  makeFolders([described.pid, ...sockets.flatMap((each) => ('path' in each ? [each.path] : []))]);
  return new Running(options, described, plan.pools, settings, out).run();
}

function findMissingApp({ apps }: UpOptions, settings: PoolDescription | undefined): string[] {
  if (apps[0]?.app !== undefined || settings === undefined || settings.app !== null) return [];
  return [
    'no application is named: use --app MODULE:EXPORT, for example --app server:app, or set wsgi_app in ' +
      'appserver.config.ts',
  ];
}

/** Addresses of the proxy where somebody answers already, as a person would say it. */
async function findOccupied(file: string, { listens }: Description): Promise<string[]> {
  const occupied: string[] = [];
  for (const { at } of listens) {
    if (!(await accepts(at))) continue;
    const place = 'path' in at ? `unix:${at.path}` : `port ${at.port} (${at.host})`;
    occupied.push(`${place} is in use by another program: stop it, or change "listen" in ${file}`);
  }
  return occupied;
}

function keepaliveClashes(
  file: string,
  { keptUpstreams }: Description,
  pools: readonly PoolPlan[],
  settings: PoolDescription | undefined,
): string[] {
  if (settings === undefined) return [];
  const serves = new Set(pools.flatMap(({ served }) => served.map(({ server }) => server.name)));
  return findKeepaliveClashes(file, keptUpstreams, { keepalive: settings.keepalive, serves });
}

/** The programs of one `tandem up`. */
class Running {
  private readonly options: UpOptions;
  private readonly described: Description;
  private readonly out: LineWriter;
  private readonly pools: readonly { readonly tier: Tier; readonly plan: PoolPlan }[];
  private readonly proxy: Tier;
  private readonly stopper: Stopper;

  constructor(
    options: UpOptions,
    described: Description,
    plans: readonly PoolPlan[],
    settings: PoolDescription | undefined,
    out: LineWriter,
  ) {
    this.options = options;
    this.described = described;
    this.out = out;
    const file = program('tandem-appserver.js');
    this.pools = plans.map((plan) => {
      const words = [...appWords(plan.option), ...bindWords(plan, settings), ...options.poolWords];
      return { plan, tier: new Tier(whoIs(plan.option), file, words, out) };
    });
    this.proxy = new Tier(
      { kind: 'proxy', name: 'proxy', title: 'the proxy' },
      program('tandem-proxy.js'),
      ['-p', process.cwd(), '-c', options.file],
      out,
    );
    this.stopper = new Stopper([this.proxy, ...this.pools.map(({ tier }) => tier)], out);
  }

  async run(): Promise<number> {
    for (const { tier } of this.pools) tier.start();
    const arePoolsReady = await Promise.all(this.pools.map((pool) => this.poolServes(pool)));
    if (!arePoolsReady.includes(false) && !this.stopper.isStopping) {
      this.proxy.start();
      if (await this.proxyServes()) await this.sayReady();
    }
    return this.stopper.whenDone();
  }

  /** Whether the pool serves, and where the file leads. */
  private async poolServes(pool: (typeof this.pools)[number]): Promise<boolean> {
    const { tier, plan } = pool;
    const listeners = await this.serving(tier, 'none of its workers is ready yet');
    if (listeners === undefined) return false;
    const missed = plan.served.find(
      ({ server }) => !listeners.some((each) => reaches(server.address, each)),
    );
    if (missed === undefined) return true;
    const leads = `${showDestination(missed.destination)} leads to ${missed.server.name}`;
    this.stopper.fail(`${leads}, but ${tier.title} listens at ${showAll(listeners)}`);
    return false;
  }

  private async proxyServes(): Promise<boolean> {
    const { listens } = this.described;
    const listeners = await this.serving(this.proxy, 'it is not serving yet');
    if (listeners === undefined) return false;
    const missed = listens.find(({ at }) => !listeners.some((each) => reaches(at, each)));
    if (missed === undefined) return true;
    this.stopper.fail(
      `the proxy does not listen on ${missed.text}: did ${this.options.file} change?`,
    );
    return false;
  }

  /** Where a tier accepts, by its own word; says so where that takes long. */
  private async serving(tier: Tier, why: string): Promise<readonly Address[] | undefined> {
    const timer = setTimeout(() => this.out.say(`waiting for ${tier.title}: ${why}`), LONG_MS);
    const listeners = await tier.whenServing();
    clearTimeout(timer);
    return this.stopper.isStopping ? undefined : listeners;
  }

  private async sayReady(): Promise<void> {
    const { listens } = this.described;
    const urls = await Promise.all(listens.map((listen) => urlOf(listen, listens)));
    if (this.stopper.isStopping) return;
    for (const { tier, plan } of this.pools) {
      for (const { destination, server } of plan.served) {
        this.out.say(`${tier.title} answers ${showDestination(destination)} at ${server.name}`);
      }
    }
    const places = urls.some((url) => url !== undefined) ? urls : listens.map(({ text }) => text);
    const shown = new Set(places.filter((each) => each !== undefined));
    this.out.say(`ready at ${[...shown].join(' and ')}`);
    this.out.say('Ctrl-C stops both tiers');
  }
}

type Listen = Description['listens'][number];

/** What a person types; `undefined` for a Unix socket. */
async function urlOf(
  { at, isWildcard }: Listen,
  listens: readonly Listen[],
): Promise<string | undefined> {
  if ('path' in at) return undefined;
  const { port } = at;
  // Browsers take "localhost" as ::1 first, and there may be somebody else.
  const loopback = { host: '::1', port };
  const isOurs = listens.some((each) => reaches(loopback, each.at));
  const isShared = isWildcard && !isOurs && (await accepts(loopback));
  const name = showAddress(at).replace(/:\d+$/, '');
  return `http://${isWildcard && !isShared ? 'localhost' : name}${port === 80 ? '' : `:${port}`}/`;
}

function showAll(addresses: readonly Address[]): string {
  return addresses.map(showAddress).join(' and ');
}

function program(name: string): string {
  return fileURLToPath(new URL(name, BIN));
}

function whoIs({ upstream }: AppOption) {
  if (upstream === undefined) return { kind: 'pool', name: 'app', title: 'the pool' } as const;
  return { kind: 'pool', name: upstream, title: `the pool of "${upstream}"` } as const;
}

function appWords(option: AppOption | undefined): string[] {
  return option?.app === undefined ? [] : [option.app];
}

/** Paths stand against this folder, also where the pool goes to another one. */
function bindWords({ bind }: PoolPlan, settings: PoolDescription | undefined): string[] {
  const stays = settings?.folder === process.cwd();
  return bind.flatMap((address) => {
    const shown = 'path' in address && !stays ? { path: resolve(address.path) } : address;
    return ['--bind', showAddress(shown)];
  });
}

/** Folders of the pid file and of the sockets, inside the working directory alone. */
function makeFolders(files: readonly string[]): void {
  const here = process.cwd();
  for (const file of files) {
    const folder = resolve(file, '..');
    if (folder.startsWith(`${here}/`)) mkdirSync(folder, { recursive: true });
  }
}
