/** Both tiers for tests of what needs both: a pool with one application, our proxy in front. */
import type { TestContext } from 'node:test';
import { type PoolProcess, startPool } from '../appserver/pool-process.ts';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';

export interface BothTiers {
  readonly pool: PoolProcess;
  readonly front: Front;
}

/** What a test changes of the usual. */
export interface BothTiersOptions {
  /** Besides those of the location, which passes an upgrade on as nginx's documentation says. */
  readonly directives?: string;
  /** Of the pool. */
  readonly args?: readonly string[];
}

/** Starts them with `source`, the text of the application's module, until test `t` ends. */
export async function startBothTiers(
  t: TestContext,
  source: string,
  { directives = '', args = [] }: BothTiersOptions = {},
): Promise<BothTiers> {
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app', ...args] });
  const front = await startProxy(`
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream app { server unix:${pool.socketPath}; keepalive 4; }
    server {
      listen 127.0.0.1:8080;
      location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        ${directives}
      }
    }`);
  t.after(() => front.stop());
  return { pool, front };
}
