/**
 * `tandem up`: runs the two tiers as two programs, shows their lines side by side, and ends both
 * when one ends or the user asks.
 *
 * ```
 *   tandem up --+-- tandem-appserver    first: the proxy has somebody to ask when it opens
 *               +-- tandem-proxy
 * ```
 */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeConfiguration } from '../proxy/describe.ts';
import { LineWriter } from './line-writer.ts';
import { Tier } from './tier.ts';
import type { UpOptions } from './up-options.ts';

const BIN = new URL(import.meta.url.endsWith('.ts') ? '../bin/' : '../../bin/', import.meta.url);

/** How long the pool may take to open its socket before the proxy is started all the same. */
const POOL_WAIT_MS = 30_000;

/** Runs until a tier fails or the user stops; resolves with the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const out = new LineWriter(process.stdout);
  const described = describeConfiguration(process.cwd(), options.file);
  if ('error' in described) {
    out.line('proxy', `nginx: [emerg] ${described.error}`);
    out.say(`the proxy cannot start: ${options.file} has an error, nothing was started`);
    return 1;
  }
  makeFolders([described.pid, ...described.sockets]);
  const pool = new Tier(
    'app',
    program('tandem-appserver.js'),
    poolWords(options, described.sockets),
    out,
  );
  const proxy = new Tier(
    'proxy',
    program('tandem-proxy.js'),
    ['-p', process.cwd(), '-c', options.file, '-g', 'daemon off;'],
    out,
  );
  const stopper = new Stopper([proxy, pool], out);
  pool.start();
  await pool.ready(described.sockets[0], POOL_WAIT_MS);
  if (!stopper.isStopping && !pool.hasEnded) {
    proxy.start();
    await proxy.ready(described.listens[0], POOL_WAIT_MS);
  }
  if (!stopper.isStopping && !pool.hasEnded && !proxy.hasEnded) {
    for (const url of described.urls) out.say(`ready at ${url}`);
    out.say('Ctrl-C stops both tiers');
  }
  return stopper.whenDone();
}

function program(name: string): string {
  return fileURLToPath(new URL(name, BIN));
}

/** The pool binds the socket that the proxy's upstream names, unless told otherwise. */
function poolWords(options: UpOptions, sockets: readonly string[]): string[] {
  const words = options.app === undefined ? [] : [options.app];
  const isBound = options.poolWords.some((word) => /^(-b|--bind)/.test(word));
  const [socket] = sockets;
  if (!isBound && socket !== undefined) words.push('--bind', `unix:${socket}`);
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

/** Ends the tiers in order: the proxy first, so that no request meets a pool that is gone. */
class Stopper {
  isStopping = false;
  private readonly tiers: readonly Tier[];
  private readonly out: LineWriter;
  private code = 0;
  private readonly done: Promise<number>;
  private finish: (code: number) => void = () => {};

  constructor(tiers: readonly Tier[], out: LineWriter) {
    this.tiers = tiers;
    this.out = out;
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
    process.on('SIGINT', () => this.asked());
    process.on('SIGTERM', () => this.asked());
    process.on('SIGHUP', () => this.asked());
    for (const tier of tiers) tier.onEnd = (reason) => this.ended(tier, reason);
  }

  whenDone(): Promise<number> {
    return this.done;
  }

  /** A second Ctrl-C does not wait for requests under way. */
  private asked(): void {
    if (this.isStopping) {
      for (const tier of this.tiers) tier.stop('quick');
      return;
    }
    this.out.say('stopping; once more stops at once');
    void this.stopAll();
  }

  private ended(tier: Tier, reason: string): void {
    if (this.isStopping) return;
    this.code = 1;
    this.out.say(`the ${tier.name === 'app' ? 'pool' : 'proxy'} ended: ${reason}; stopping`);
    void this.stopAll();
  }

  private async stopAll(): Promise<void> {
    this.isStopping = true;
    for (const tier of this.tiers) {
      tier.stop('graceful');
      await tier.gone;
    }
    this.out.say('stopped');
    this.finish(this.code);
  }
}
