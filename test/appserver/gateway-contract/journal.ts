/** What both applications of the contract note, and the exports of their lifespan. */
import type { Gateway, WorkerFacts } from '../../../appserver/gateway.ts';

const CHUNK_BYTES = 65_536;

/** One per copy of the application. */
export const journal = {
  /** Requests the application has seen, but those for `/events`. */
  requests: 0,
  /** Chunks of 64 KB that `/endless` was asked for. */
  pulls: 0,
  /** What happened, in order. */
  events: [] as string[],
};

const holding = Promise.withResolvers<void>();
/** Resolves when `/release` is asked for: `/hold` reads no content before. */
export const released = holding.promise;

/** One chunk of `/endless`. */
export function nextChunk(): Uint8Array<ArrayBuffer> {
  journal.pulls += 1;
  return new Uint8Array(CHUNK_BYTES);
}

/** The text for the paths that need nothing of their shape; `undefined` for all others. */
export function plainAnswer(path: string, gateway: Gateway | undefined): string | undefined {
  if (path === '/events') return JSON.stringify(journal);
  journal.requests += 1;
  if (path === '/release') {
    holding.resolve();
    return 'released';
  }
  if (path !== '/later') return undefined;
  gateway?.waitUntil(
    new Promise<void>((resolve) => {
      gateway.stopping.addEventListener('abort', () => {
        setTimeout(() => {
          console.error('journal: work done');
          resolve();
        }, 100);
      });
    }),
  );
  return 'now';
}

/** What the gateway tells, the same for every shape. */
export function gatewayFacts(gateway: Gateway | undefined): Record<string, unknown> {
  return {
    client: gateway?.clientAddress,
    scheme: gateway?.scheme,
    threadCount: gateway?.worker.threadCount,
    hasOwnPid: gateway?.worker.pid === process.pid,
    interface: gateway?.server.interfaceVersion,
    hasOneSignal: gateway?.stopping === stopping && gateway?.worker.stopping === stopping,
  };
}

console.error('journal: loaded');

/** The signal that `startup` was given. */
let stopping: AbortSignal | undefined;

export async function startup(worker: WorkerFacts): Promise<void> {
  console.error('journal: startup begins');
  stopping = worker.stopping;
  stopping.addEventListener('abort', () => console.error('journal: stopping'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.error(`journal: startup of ${worker.threadIndex} ends`);
}

export async function shutdown(): Promise<void> {
  console.error('journal: shutdown begins');
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.error('journal: shutdown ends');
}
