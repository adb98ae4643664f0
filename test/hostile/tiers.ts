/** Both tiers, one behind the other, with logs that a test can compare. */
import type { TestContext } from 'node:test';
import { type PoolProcess, startPool } from '../appserver/pool-process.ts';
import { type Front, type FrontKind, startFront } from '../harness/front.ts';
import { TANDEM } from '../harness/proxy.ts';

/** Answers with what it was asked and the fields it saw, as JSON. */
export const MIRROR = `export default {
  async fetch(request) {
    const content = await request.text();
    const { method, url, headers } = request;
    return Response.json({ method, url, headers: [...headers], content });
  },
};`;

/** What the tests ask of both tiers. */
export interface Tiers {
  readonly proxy: Front;
  readonly pool: PoolProcess;
  /** `METHOD URI` of each request that the proxy says it passed on; each in the order it was logged. */
  passedOn(): string[];
  /** `METHOD URI` of each request that the pool says it had. */
  seenByPool(): string[];
  /**
   * Sends `GET /last` through both and waits until both logs have it: both tiers have one thread
   * here, so what was answered before it has its line too. It says what the pool had before.
   */
  settled(): Promise<string[]>;
}

/** What may differ from the plain pair. */
export interface TiersOptions {
  /** The module of the application; MIRROR unless given. */
  readonly app?: string;
  /** Further words for the pool. */
  readonly args?: readonly string[];
  /** Lines of the http block. */
  readonly http?: string;
  /** Lines of the server block, beside `location /`. */
  readonly server?: string;
  /** Lines of `location /`, beside its proxy_pass. */
  readonly location?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Lines of the main level. */
  readonly main?: string;
}

/** The inside of the http block of a proxy before a pool that listens on a path. */
export function configurationBefore(socketPath: string, options: TiersOptions = {}): string {
  return `log_format passed escape=none '$upstream_addr $request_method $request_uri';
access_log passed.log passed;
proxy_ignore_client_abort on;
lingering_timeout 100ms;
${options.http ?? ''}
upstream app { server unix:${socketPath} fail_timeout=0; keepalive 8; keepalive_timeout 1s; }
server {
  listen 127.0.0.1:8080; server_name plain.test;
  ${options.server ?? ''}
  location / { proxy_pass http://app; proxy_set_header Host $host; ${options.location ?? ''} }
}`;
}

/** Starts a pool and our proxy before it; both end with the test. */
export function startTiers(t: TestContext, options: TiersOptions = {}): Promise<Tiers> {
  return startBefore(t, TANDEM, options);
}

/** The same with another front. */
export async function startBefore(
  t: TestContext,
  kind: FrontKind,
  options: TiersOptions = {},
): Promise<Tiers> {
  const pool = await startPool(t, {
    files: { 'app.mjs': options.app ?? MIRROR },
    args: [
      'app',
      '--access-logfile',
      '-',
      '--access-logformat',
      'SEEN %(r)s',
      ...(options.args ?? []),
    ],
  });
  const http = configurationBefore(pool.socketPath, options);
  const { files = {}, main = '' } = options;
  const proxy = await startFront(kind, http, { files, main });
  t.after(() => proxy.stop());
  return {
    proxy,
    pool,
    passedOn: () => passedOn(proxy.read('passed.log')),
    seenByPool: () => seen(pool.stdout),
    async settled() {
      await proxy.ask('GET /last HTTP/1.1\r\nHost: plain.test\r\nConnection: close\r\n\r\n');
      await pool.sees(/^SEEN GET \/last /m);
      await proxy.lines('passed.log', (lines) => lines.some((line) => line.endsWith('GET /last')));
      return seen(pool.stdout).filter((line) => line !== 'GET /last');
    },
  };
}

function passedOn(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('unix:'))
    .map((line) => line.slice(line.indexOf(' ') + 1));
}

function seen(log: string): string[] {
  return [...log.matchAll(/^SEEN (.*) HTTP\/1\.[01]$/gm)].map((match) => match[1]!);
}
