/** How the arbiter starts a worker with given settings. */
import { siblingModule } from '../../prefork/environment.ts';
import type { WorkerSpec } from '../../prefork/types.ts';
import type { Settings } from '../settings/table.ts';
import type { WorkerData } from './thread.ts';

const BYTES_PER_COUNT = Int32Array.BYTES_PER_ELEMENT;

/** Names of memory the threads of a worker share. */
export const BALANCE = 'balance';
export const REQUESTS = 'requests';

/** The spec of one worker process. `wsgi_app` must be set. */
export function workerSpec(settings: Settings): WorkerSpec {
  const app = settings.wsgi_app ?? '';
  const threads = Math.max(1, settings.threads);
  const data: WorkerData = { settings, app, requestQuota: drawQuota(settings) };
  return {
    entry: siblingModule(import.meta.url, './thread'),
    threads,
    data,
    shared: { [BALANCE]: threads * BYTES_PER_COUNT, [REQUESTS]: BYTES_PER_COUNT },
    env: Object.fromEntries(settings.raw_env.map(pairOf)),
    title: `tandem-appserver: worker [${settings.proc_name ?? app}]`,
    onThreadExit: 'exit',
    // Ctrl-C reaches the whole process group: there the arbiter decides.
    signals: { SIGTERM: 'drain', SIGQUIT: 'quit', SIGUSR1: 'reopen' },
  };
}

/** Gunicorn: workers/base.py adds randint(0, max_requests_jitter). 0 where there is no limit. */
function drawQuota({ max_requests, max_requests_jitter }: Settings): number {
  if (max_requests === 0) return 0;
  return max_requests + Math.floor(Math.random() * (max_requests_jitter + 1));
}

function pairOf(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
