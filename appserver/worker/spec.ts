/** How the arbiter starts a worker with given settings. */
import { entryModule } from '../../prefork/environment.ts';
import type { WorkerSpec } from '../../prefork/types.ts';
import type { Settings } from '../settings/table.ts';
import { ticksBytes } from './heartbeat.ts';
import type { Patience } from './pulse.ts';

const BYTES_PER_COUNT = Int32Array.BYTES_PER_ELEMENT;

/** Names of memory the threads of a worker share. */
export const BALANCE = 'balance';
export const REQUESTS = 'requests';
export const TICKS = 'ticks';

/**
 * The least time a worker has to become ready, in seconds. Gunicorn has no limit, but for an ASGI
 * application's startup: there it is this.
 */
export const BOOT_FLOOR_SECONDS = 30;

/** `WorkerSpec.data` of the pool. */
export interface WorkerData {
  readonly settings: Settings;
  /** The application's name: `app/server:application`. */
  readonly app: string;
  /** Requests after which the worker asks to be replaced; 0 is never. */
  readonly requestQuota: number;
  readonly patience: Patience;
}

/** How long a worker may be silent, and boot: the larger of `timeout` and the floor. */
export function patienceOf({ timeout }: Settings, bootFloorSeconds: number): Patience {
  return { silenceMs: timeout * 1000, bootMs: Math.max(timeout, bootFloorSeconds) * 1000 };
}

/** The spec of one worker process. `wsgi_app` must be set. */
export function workerSpec(settings: Settings, patience: Patience): WorkerSpec {
  const app = settings.wsgi_app ?? '';
  const threads = Math.max(1, settings.threads);
  const data: WorkerData = { settings, app, requestQuota: drawQuota(settings), patience };
  return {
    entry: entryModule('appserver/worker/thread'),
    processEntry: entryModule('appserver/worker/watch'),
    threads,
    data,
    shared: {
      [BALANCE]: threads * BYTES_PER_COUNT,
      [REQUESTS]: BYTES_PER_COUNT,
      [TICKS]: ticksBytes(threads),
    },
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
