/** What is checked of each tier in its container, one function a step. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import {
  firstProcess,
  healthOf,
  inspect,
  publishedPorts,
  volumesOf,
  workersOf,
  writable,
} from './container.ts';
import type { Project } from './engine.ts';
import { docker } from './engine.ts';
import { describe, failed, startLoad, type Tally } from './load.ts';
import type { Site } from './site.ts';

/** How long a tier may take for what is expected of it. */
const PATIENCE_MS = 120_000;
/** The longest stop that compose waits for before it kills. */
const STOP_LIMIT_MS = 10_000;
/** How long the load goes on before and after what happens under it. */
const MARGIN_MS = 2000;
const POLL_MS = 100;

/** What all steps of one run need. */
export interface Scene {
  readonly project: Project;
  readonly site: Site;
  /** The service in front: `proxy` or `nginx`. */
  readonly front: string;
}

/** Waits until `isTrue`; rejects with `what` where that takes too long. */
async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; !(await isTrue()); await wait(POLL_MS)) {
    if (performance.now() > deadline) throw new Error(`still not so: ${what}`);
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until the engine's own check of a service has found it healthy. */
export async function becomesHealthy({ project }: Scene, service: string): Promise<void> {
  const id = await project.container(service);
  await until(`${service} is healthy`, async () => (await healthOf(id)) === 'healthy');
}

/** Pages come through both tiers, files from the front, and a vote is counted. */
export async function servesTheSite({ site, front }: Scene): Promise<string> {
  const index = await site.get('/polls/');
  assert.equal(index.response.status, 200);
  assert.match(index.text, /href="\/polls\/1\/"/);
  const [, sheet = ''] = /<link rel="stylesheet" href="([^"]+)"/.exec(index.text) ?? [];
  const file = await site.get(sheet);
  assert.equal(file.response.status, 200, `${sheet} is missing`);
  assert.match(file.response.headers.get('content-type') ?? '', /^text\/css/);
  const server = file.response.headers.get('server') ?? 'none';
  assert.match(server, front === 'nginx' ? /^nginx/ : /^tandem/);
  assert.equal(await site.status('/polls/nowhere/'), 404);
  const before = await site.votes();
  await site.vote();
  assert.equal(await site.votes(), before + 1);
  return `a page, ${sheet} by "${server}", a vote`;
}

/** A container may do no more than it has to, asked of the kernel inside. */
export async function isShutIn({ project }: Scene, service: string): Promise<string> {
  const id = await project.container(service);
  const first = await firstProcess(id);
  assert.notEqual(first.uid, '0', 'process 1 is root');
  assert.equal(first.capabilities, '0');
  assert.equal(first.mayGainPrivileges, false);
  assert.doesNotMatch(first.command, /^(ba|da)?sh$/, 'process 1 is a shell');
  assert.equal((await inspect(id)).HostConfig.ReadonlyRootfs, true);
  const folders = [
    '/',
    '/srv/tandem',
    '/srv/tandem/static',
    '/etc',
    '/socket',
    '/protected',
    '/data',
    '/tmp',
  ];
  const open = await writable(id, folders);
  const own = service === 'appserver' ? ['/socket', '/protected', '/data', '/tmp'] : ['/tmp'];
  assert.deepEqual(open, own);
  return `${first.command} is process 1, uid ${first.uid}, no capabilities, writes to ${open.join(' ')}`;
}

/** The tiers share the volumes of the socket and of protected files, no network; the front alone is published. */
export async function sharesNoMore({ project, front }: Scene): Promise<string> {
  const [front_, pool] = [await project.container(front), await project.container('appserver')];
  const mine = await volumesOf(front_);
  const theirs = await volumesOf(pool);
  const shared = [...mine.keys()].filter((name) => theirs.has(name));
  assert.deepEqual(shared.sort(), [`${project.name}_protected`, `${project.name}_socket`]);
  assert.ok(!shared.some((name) => mine.get(name)), 'the front may write to a volume');
  const networks = Object.keys((await inspect(front_)).NetworkSettings.Networks);
  const others = Object.keys((await inspect(pool)).NetworkSettings.Networks);
  assert.deepEqual(
    networks.filter((name) => others.includes(name)),
    [],
  );
  assert.equal((await publishedPorts(front_)).length, 1);
  assert.deepEqual(await publishedPorts(pool), []);
  return `${shared.join()}, read-only for the front; networks ${networks.join()} and ${others.join()}`;
}

/** Reload: every worker is replaced while requests go on, and none of them fails. */
export async function reloadsUnderLoad(scene: Scene, service: string): Promise<string> {
  const id = await scene.project.container(service);
  const before = await workersOf(id);
  assert.ok(before.size > 0, 'no worker is seen');
  const tally = await underLoad(scene, async () => {
    await scene.project.compose('kill', '-s', 'HUP', service);
    await until('every worker is another', async () => {
      const now = await workersOf(id);
      return now.size > 0 && [...now].every((pid) => !before.has(pid));
    });
  });
  assert.equal(failed(tally), 0, describe(tally));
  return describe(tally);
}

/** Restart: the container stops and starts again while requests go on; failures are counted. */
export async function restartsUnderLoad(scene: Scene, service: string): Promise<string> {
  let tookMs = 0;
  const tally = await underLoad(scene, async () => {
    const begin = performance.now();
    await scene.project.compose('restart', service);
    await until('the page is back', async () => (await scene.site.status('/polls/')) === 200);
    tookMs = performance.now() - begin;
  });
  await becomesHealthy(scene, service);
  return `${describe(tally)}; answers again after ${seconds(tookMs)}`;
}

async function underLoad({ site }: Scene, happening: () => Promise<void>): Promise<Tally> {
  const load = startLoad(site.port, ['/polls/', '/favicon.ico']);
  try {
    await wait(MARGIN_MS);
    await happening();
    await wait(MARGIN_MS);
  } finally {
    await load.stop();
  }
  return load.tally;
}

/** Without the pool the front shows its own page and serves files; then the pool is back. */
export async function outlivesThePool(scene: Scene): Promise<string> {
  const { project, site } = scene;
  await project.compose('stop', 'appserver');
  const page = await site.get('/polls/');
  assert.ok([502, 503].includes(page.response.status), `status ${page.response.status}`);
  assert.match(page.text, /<title>/);
  assert.equal(await site.status('/favicon.ico'), 200);
  await project.compose('start', 'appserver');
  await until('the page is back', async () => (await site.status('/polls/')) === 200);
  return `${page.response.status} while it is away, files go on, 200 when it is back`;
}

/** A stop in time, by the tier itself: exit code 0, not killed, though a client keeps it waiting. */
export async function stopsCleanly({ project, site }: Scene, service: string): Promise<string> {
  const id = await project.container(service);
  const client = await startToAsk(site.port);
  const begin = performance.now();
  await project.compose('stop', service);
  const tookMs = performance.now() - begin;
  client?.destroy();
  const { State } = await inspect(id);
  assert.equal(State.Status, 'exited');
  assert.equal(State.ExitCode, 0, await docker('logs', '--tail', '20', id));
  assert.ok(tookMs < STOP_LIMIT_MS, `took ${seconds(tookMs)}`);
  const waited = client === undefined ? '' : ', with half a request open at the front';
  return `exit code 0 after ${seconds(tookMs)}${waited}`;
}

/** A client that sends half a request and then nothing; undefined where nobody listens. */
async function startToAsk(port: number): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1').on('error', () => {}); // The stop cuts it off.
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('close', () => resolve(false));
  });
  if (!isOpen) return undefined;
  socket.write(
    'POST /polls/1/vote/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf',
  );
  return socket;
}

/** Milliseconds as people read them. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
