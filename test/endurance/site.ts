/** Both tiers under one load: an application that counts, a file, and what they hold in memory. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Load } from '../appserver/load.ts';
import { startTiers, type Tiers, type TiersOptions } from '../hostile/tiers.ts';

/** Milliseconds of load. */
export const DURATION_MS = Number(process.env['ENDURANCE_SECONDS'] ?? '60') * 1000;

/** Answers with its process id, and counts each POST it has read with one byte in a file. */
export const COUNTING = `import { appendFileSync } from 'node:fs';
export default { async fetch(request) {
  if (request.method === 'POST') { await request.text(); appendFileSync('posts', '.'); }
  return new Response(String(process.pid));
} };`;

/** A proxy of two threads before a pool of two workers. */
export function startSite(t: TestContext, options: TiersOptions = {}): Promise<Tiers> {
  return startTiers(t, {
    app: COUNTING,
    main: 'worker_processes 2;',
    server: 'location /files/ { root .; }',
    files: { 'files/page.html': 'x'.repeat(1024) },
    ...options,
    args: ['--workers', '2', '--keep-alive', '5', ...(options.args ?? [])],
  });
}

/** Clients of the proxy that ask for the file, the page and post, with and without keep-alive. */
export function loadOn(t: TestContext, { proxy }: Tiers, clients = 6): Load {
  const load = new Load(
    { portNumber: proxy.port() },
    { keeping: clients, closing: clients / 2, postPath: '/', filePath: '/files/page.html' },
  );
  t.after(() => load.stop());
  return load;
}

/** POSTs that the application has counted. */
export function countedPosts({ pool }: Tiers): number {
  try {
    return statSync(join(pool.folder, 'posts')).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Process ids of the children of a process, oldest first. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** How often each reason to fail was met. */
export function summary(load: Load): string {
  const counts = new Map<string, number>();
  for (const { reason } of load.failures) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].map(([reason, count]) => `${count} times ${reason}`).join('; ');
  return `${load.answered} answered, ${load.failures.length} failed${reasons === '' ? '' : `: ${reasons}`}`;
}
