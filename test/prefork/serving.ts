/** Masters, specs and requests for the tests of this folder. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Master } from '../../prefork/master.ts';
import type { ListenerSpec, TcpListenerSpec, WorkerSpec } from '../../prefork/types.ts';
import type { Answer, Behaviour } from './fixtures/answering-thread.ts';

/** A master whose workers and listeners end with the test. */
export function makeMaster(t: TestContext): Master {
  const master = new Master({ ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' });
  t.after(async () => {
    await master.endWorkers('quit', 500);
    master.listeners.close(true);
  });
  return master;
}

/** Resolves when every worker that was told to drain has gone: until then it may answer once more. */
export async function drained(master: Master): Promise<void> {
  const leaving = master.workers.filter((worker) => worker.isToldToEnd);
  await Promise.all(leaving.map((worker) => worker.gone));
}

/** A port of 127.0.0.1 that the kernel chooses. */
export const LOOPBACK: TcpListenerSpec = {
  kind: 'tcp',
  host: '127.0.0.1',
  port: 0,
  ipv6Only: true,
  reusePort: false,
  backlog: 64,
};

/** Binds one listener and answers where it is. */
export async function bindOne(
  master: Master,
  spec: ListenerSpec = LOOPBACK,
  threads = 1,
): Promise<Place> {
  const change = await master.listeners.prepare([spec], threads);
  if (change.failures.length > 0) throw new Error(change.failures[0]?.message);
  change.commit();
  const bound = master.listeners.get(change.keys[0]!)!.spec;
  return bound.kind === 'tcp' ? { host: bound.host, port: bound.port } : { socketPath: bound.path };
}

export type Place =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

/** A worker that runs the answering entry. */
export function answering(behaviour: Behaviour = {}, more: Partial<WorkerSpec> = {}): WorkerSpec {
  return {
    entry: new URL('./fixtures/answering-thread.ts', import.meta.url),
    threads: 1,
    data: behaviour,
    onThreadExit: 'exit',
    ...more,
  };
}

/** One request on a connection of its own. */
export async function ask(place: Place, path = '/'): Promise<Answer> {
  const sent = open(place, path);
  sent.end();
  return answerOf(sent);
}

/** Many at once, each on a connection of its own. */
export function askTogether(place: Place, count: number): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, () => ask(place)));
}

/** A request whose content is not complete: its worker is busy until `end`. */
export function open(place: Place, path: string): ClientRequest {
  const sent = request({ ...place, path, agent: false, method: path === '/slow' ? 'POST' : 'GET' });
  sent.on('error', () => {}); // `answerOf` rejects; a request nobody awaits may be cut.
  if (path === '/slow') sent.write('x');
  return sent;
}

export async function answerOf(sent: ClientRequest): Promise<Answer> {
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return JSON.parse(text);
}

/** A folder that is removed after the test. */
export function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'prefork-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
