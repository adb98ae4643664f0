/** A pool that runs one shape, as the parts of the contract see it. */
import type { TestContext } from 'node:test';
import { ask, type RawResponse } from '../../harness/raw-client.ts';
import { type PoolProcess, startPool } from '../pool-process.ts';
import type { Shape } from './shapes.ts';

/** What the application has noted; see journal.ts. */
export interface Notes {
  readonly requests: number;
  readonly pulls: number;
  readonly events: readonly string[];
}

/** One shape under test. */
export interface Subject {
  readonly shape: Shape;
  readonly pool: PoolProcess;
  /** Its Unix socket, whose peers are trusted. */
  readonly path: string;
  /** Its port of 127.0.0.1, whose peers are not. */
  readonly port: number;
  /** One request for a path over the Unix socket; `lines` are further field lines. */
  get(path: string, ...lines: readonly string[]): Promise<RawResponse>;
  notes(): Promise<Notes>;
}

/** Raw request: `head` is the request line and field lines, without Connection. */
export function closing(head: readonly string[], content = ''): string {
  return `${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n${content}`;
}

export async function startSubject(t: TestContext, shape: Shape): Promise<Subject> {
  const pool = await startPool(t, {
    files: { 'app.ts': shape.source },
    args: [
      ...['app:application', '-b', '127.0.0.1:0', '-b', 'unix:app.sock'],
      ...['--forwarded-allow-ips', '10.9.9.9', '--log-level', 'debug'],
    ],
    env: { NODE_ENV: 'production' },
  });
  const path = pool.socketPath;
  const get = (target: string, ...lines: readonly string[]): Promise<RawResponse> =>
    ask(path, closing([`GET ${target} HTTP/1.1`, 'Host: h', ...lines]));
  return {
    shape,
    pool,
    path,
    port: await pool.tcpPort(),
    get,
    notes: async () => JSON.parse((await get('/events')).content),
  };
}

/** Waits until the application has noted it so often. */
export async function noted(subject: Subject, event: string, times: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const { events } = await subject.notes();
    if (events.filter((each) => each === event).length >= times) return;
    if (performance.now() > deadline) throw new Error(`waited in vain for "${event}": ${events}`);
  }
}
