/** Instances of peers: started, proved, warmed up, ended. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FRONT_CORE, LOAD_CORE } from './cores.ts';
import { end, hasEnded, type Launched, lastWords, launch, runToEnd } from './launch.ts';
import { ask, proveAnswer } from './load/ask.ts';
import type { Step, StepCount } from './load/generator.ts';
import type { Address, Peer, ScenarioName } from './peers/peer.ts';
import { type RequestShape, wireForm } from './requests.ts';
import type { Site } from './site.ts';

/** A peer that runs and has answered. */
export interface Instance {
  readonly peer: Peer;
  readonly folder: string;
  readonly address: Address;
  readonly launched: Launched;
  /** From the start of the process to its first right answer. */
  readonly readyMs: number;
}

const READY_TIMEOUT_MS = 20_000;
const READY_POLL_MS = 1;
const WARM_UP_SECONDS = 0.25;
const WARM_UP_CONNECTIONS = 50;
/** Numbers the folders. */
let started = 0;

/** Starts one instance on the front's core and waits until it answers `first` with 200. */
export async function startInstance(
  peer: Peer,
  scenario: ScenarioName,
  site: Site,
  first: RequestShape,
): Promise<Instance> {
  const folder = join(site.folder, `${peer.role}-${peer.id}-${scenario}-${++started}`);
  mkdirSync(folder);
  const address = await freeAddress(peer, folder);
  const command = peer.command({ folder, scenario, address, site });
  const begun = performance.now();
  const launched = launch(command, FRONT_CORE, join(folder, 'output.log'));
  try {
    await firstAnswer(launched, address, first);
  } catch (problem) {
    await end(launched);
    throw problem;
  }
  return { peer, folder, address, launched, readyMs: performance.now() - begun };
}

/** Ends an instance and all that it started. */
export function stopInstance(instance: Instance): Promise<void> {
  return end(instance.launched);
}

/** The first line of an instance's error log; empty where it has none. A good run logs nothing. */
export function firstComplaint(instance: Instance): string {
  const file = join(instance.folder, 'error.log');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n', 1)[0]! : '';
}

/** Proves that a request is answered as it should be, then sends it for a moment. */
export async function warmUp(instance: Instance, request: RequestShape): Promise<void> {
  await proveAnswer(instance.address, request);
  const [count] = await generate([stepFor(instance.address, request, WARM_UP_SECONDS)]);
  proveCount(count!);
}

/** A step of load with as many connections as every row has. */
export function stepFor(address: Address, request: RequestShape, seconds: number): Step {
  return {
    address,
    request: wireForm(request),
    connections: WARM_UP_CONNECTIONS,
    seconds,
    isOneShot: request.headers['Connection'] === 'close',
  };
}

/** Runs steps in a load generator of its own process, on the core of the load. */
export async function generate(steps: readonly Step[]): Promise<StepCount[]> {
  const file = join(import.meta.dirname, 'load/generator.ts');
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const output = await runToEnd('taskset', ['-c', String(LOAD_CORE), process.execPath, file], {
    timeoutMs: seconds * 1000 + 30_000,
    input: JSON.stringify(steps),
  });
  return JSON.parse(output) as StepCount[];
}

/** Throws where anything but right answers was counted. */
export function proveCount(count: StepCount): void {
  if (count.problems > 0)
    throw new Error(`${count.problems} problems under load: ${count.problem}`);
  if (count.requests === 0) throw new Error('nothing was answered under load');
}

/** Waits until a server answers with 200; throws with its last words where it ends or stays silent. */
export async function firstAnswer(
  launched: Launched,
  address: Address,
  request: RequestShape,
): Promise<void> {
  const until = performance.now() + READY_TIMEOUT_MS;
  let last = 'no connection';
  while (performance.now() < until) {
    if (hasEnded(launched)) throw new Error(`ended at once: ${lastWords(launched)}`);
    try {
      const { status } = await ask(address, request);
      if (status === 200) return;
      last = `status ${status}`;
    } catch (problem) {
      last = problem instanceof Error ? problem.message : String(problem);
    }
    await pause(READY_POLL_MS);
  }
  throw new Error(`not ready in ${READY_TIMEOUT_MS} ms (${last}): ${lastWords(launched)}`);
}

async function freeAddress(peer: Peer, folder: string): Promise<Address> {
  if (peer.role === 'pool') return { socketPath: join(folder, 'app.sock') };
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return { port: address.port };
}
