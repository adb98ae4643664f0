/** The environment and the Node flags a worker process starts with. */
import { mkdirSync } from 'node:fs';
import { enableCompileCache, findPackageJSON } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WorkerSpec } from './types.ts';

/**
 * Flags of every worker process. SIGUSR1 means "reopen logs" here, and without the first flag Node
 * opens its inspector on it; the second keeps `node:sqlite` and its like from talking into the log.
 */
export const WORKER_FLAGS: readonly string[] = [
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
];

/** libuv's own default, and its limit. */
const THREADPOOL_LEAST = 4;
const THREADPOOL_MOST = 1024;

/**
 * The environment of a worker: the master's, what every worker needs, then the spec's own.
 * - UV_THREADPOOL_SIZE: the pool is shared by all threads of a process, so it grows with them.
 * - NODE_COMPILE_CACHE: the only way a cache reaches threads; start 223 ms down to 59.
 * Values the operator has set are left alone.
 */
export function workerEnvironment(base: NodeJS.ProcessEnv, spec: WorkerSpec): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...base };
  env['UV_THREADPOOL_SIZE'] ??= String(threadpoolSize(spec.threads));
  const cache = compileCacheFolder(base);
  if (cache !== undefined) env['NODE_COMPILE_CACHE'] ??= cache;
  for (const [name, value] of Object.entries(spec.env ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Four pool threads per thread, within libuv's bounds. */
export function threadpoolSize(threads: number): number {
  return Math.min(Math.max(threads * THREADPOOL_LEAST, THREADPOOL_LEAST), THREADPOOL_MOST);
}

/**
 * A folder that only this user writes: compiled code is run as it is found. Undefined where the
 * operator turned the cache off, or there is no such place.
 */
function compileCacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  if (env['NODE_DISABLE_COMPILE_CACHE'] !== undefined) return undefined;
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  const folder = join(base, 'tandem', 'compile');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return undefined; // A read-only home: the start is slower, nothing else changes.
  }
}

/**
 * Keeps compiled code of this process in the folder that its workers use, too: a master starts in
 * half the time. Call it before the large modules are loaded.
 */
export function useCompileCache(env: NodeJS.ProcessEnv = process.env): void {
  const folder = env['NODE_COMPILE_CACHE'] ?? compileCacheFolder(env);
  if (folder !== undefined) enableCompileCache(folder);
}

/**
 * URL of an entry module by its name from the project's folder, such as `proxy/worker`: the source
 * where this module is one, else what `bin/build.js` made of it. So workers run what their master
 * runs, and the folder of the file that this module was bundled into makes no difference.
 */
export function entryModule(name: string): URL {
  const isSource = import.meta.url.endsWith('.ts');
  const project = findPackageJSON(import.meta.url) ?? '/';
  return new URL(isSource ? `${name}.ts` : `dist/${name}.js`, pathToFileURL(project));
}
