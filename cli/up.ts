/**
 * `tandem up`: runs the two tiers as two programs, shows their lines side by side, and ends both
 * when one ends or the user asks.
 *
 * ```
 *   tandem up --+-- tandem-appserver    first: the proxy has somebody to ask when it opens
 *               +-- tandem-proxy
 * ```
 */
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describePool } from '../appserver/describe.ts';
import { type Description, describeConfiguration } from '../proxy/describe.ts';
import { findKeepaliveClashes } from './keepalive.ts';
import { LineWriter } from './line-writer.ts';
import { findObstacles, type Listening } from './listening.ts';
import { Stopper } from './stopper.ts';
import { Tier } from './tier.ts';
import type { UpOptions } from './up-options.ts';

const BIN = new URL(import.meta.url.endsWith('.ts') ? '../bin/' : '../../bin/', import.meta.url);

/** How long a tier may take to open its socket before the other one goes on all the same. */
const READY_LIMIT_MS = 30_000;

/** When it is said that something takes long. */
const LONG_MS = 5000;

/** Runs until a tier fails or the user stops; resolves with the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const out = new LineWriter(process.stdout);
  if (!existsSync(options.file)) {
    out.complain(`there is no ${options.file} in ${process.cwd()}; -c FILE names another one`);
    return 1;
  }
  const described = describeConfiguration(process.cwd(), options.file);
  if ('error' in described) {
    out.line('proxy', `nginx: [emerg] ${described.error}`);
    out.complain(`${options.file} is not right, see above; nothing was started`);
    return 1;
  }
  const obstacles = await findObstacles(
    options.file,
    boundSocket(options, described),
    described.listens,
  );
  if (obstacles.length > 0) {
    for (const obstacle of obstacles) out.complain(obstacle);
    out.say('nothing was started');
    return 1;
  }
  const words = poolWords(options, boundSocket(options, described));
  const pool = await describePool(words);
  if (pool !== undefined) {
    const clashes = findKeepaliveClashes(options.file, described.keptUpstreams, pool);
    for (const clash of clashes) out.warn(clash);
  }
  makeFolders([described.pid, ...described.sockets]);
  return run(options, described, words, out);
}

async function run(
  options: UpOptions,
  described: Description,
  words: readonly string[],
  out: LineWriter,
): Promise<number> {
  const pool = new Tier('app', program('tandem-appserver.js'), words, out);
  const proxy = new Tier(
    'proxy',
    program('tandem-proxy.js'),
    ['-p', process.cwd(), '-c', options.file, '-g', 'daemon off;'],
    out,
  );
  const stopper = new Stopper([proxy, pool], out);
  const isAlive = (): boolean => !stopper.isStopping && !pool.hasEnded && !proxy.hasEnded;
  pool.start();
  await opens(pool, described.sockets[0], out);
  if (isAlive()) {
    proxy.start();
    const isReady = await opens(proxy, described.listens[0], out);
    if (isAlive() && isReady) {
      const { urls, listens } = described;
      out.say(`ready at ${(urls.length > 0 ? urls : listens).join(' and ')}`);
      out.say('Ctrl-C stops both tiers');
    }
  }
  return stopper.whenDone();
}

/** Waits until a tier accepts, and says so where that takes long. */
async function opens(tier: Tier, socket: Listening | undefined, out: LineWriter): Promise<boolean> {
  const place = typeof socket === 'string' ? `unix:${socket}` : `port ${socket?.port}`;
  const timer = setTimeout(
    () => out.say(`still waiting for ${tier.title} to open ${place}`),
    LONG_MS,
  );
  const isReady = await tier.ready(socket, READY_LIMIT_MS);
  clearTimeout(timer);
  if (!isReady && !tier.hasEnded) out.complain(`${tier.title} does not open ${place}`);
  return isReady;
}

function program(name: string): string {
  return fileURLToPath(new URL(name, BIN));
}

/** The socket that the pool is told to bind: the first that an upstream names, unless told otherwise. */
function boundSocket(options: UpOptions, { sockets }: Description): string | undefined {
  return options.poolWords.some((word) => /^(-b|--bind)/.test(word)) ? undefined : sockets[0];
}

function poolWords(options: UpOptions, socket: string | undefined): string[] {
  const words = options.app === undefined ? [] : [options.app];
  if (socket !== undefined) words.push('--bind', `unix:${socket}`);
  return [...words, ...options.poolWords];
}

/** Folders of the pid file and of the sockets, inside the working directory alone. */
function makeFolders(files: readonly string[]): void {
  const here = process.cwd();
  for (const file of files) {
    const folder = resolve(file, '..');
    if (folder.startsWith(`${here}/`)) mkdirSync(folder, { recursive: true });
  }
}
