/** wrk as the load generator of the rows over TCP: its command line and what it prints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOAD_CORE } from '../cores.ts';
import { runToEnd } from '../launch.ts';
import type { RequestShape } from '../requests.ts';

/** What one run of wrk counted. */
export interface WrkCount {
  readonly requests: number;
  readonly seconds: number;
  /** Connections and requests that failed: connect, read, write, timeout. */
  readonly socketErrors: number;
  readonly refused: number;
}

/** What wrk is to do. */
export interface WrkPlan {
  readonly port: number;
  readonly request: RequestShape;
  readonly connections: number;
  /** Whole seconds: wrk reads no fractions. */
  readonly seconds: number;
  /** Folder for the script of a request that has content. */
  readonly folder: string;
}

/** Runs wrk on the core of the load until its time is over. Throws where it fails or prints no count. */
export async function runWrk(plan: WrkPlan): Promise<WrkCount> {
  const output = await runToEnd(
    'taskset',
    ['-c', String(LOAD_CORE), 'wrk', ...wrkArguments(plan)],
    {
      timeoutMs: plan.seconds * 1000 + 15_000,
    },
  );
  return readWrkOutput(output);
}

/** Arguments of wrk for a plan; writes the script where the request has content. */
export function wrkArguments(plan: WrkPlan): string[] {
  const args = ['-t1', `-c${plan.connections}`, `-d${plan.seconds}s`];
  for (const [name, value] of Object.entries(plan.request.headers)) {
    args.push('-H', `${name}: ${value}`);
  }
  if (plan.request.contentLength > 0) args.push('-s', writeScript(plan));
  args.push(`http://127.0.0.1:${plan.port}${plan.request.path}`);
  return args;
}

/** Reads what wrk printed; throws where the count is missing. */
export function readWrkOutput(text: string): WrkCount {
  const count = /^\s*(\d+) requests in ([\d.]+)(us|ms|s|m),/m.exec(text);
  if (count === null) throw new Error(`wrk printed no count: ${text.trim()}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(text);
  return {
    requests: Number(count[1]),
    seconds: Number(count[2]) * SECONDS_PER[count[3] as keyof typeof SECONDS_PER],
    socketErrors: errors === null ? 0 : errors.slice(1).reduce((sum, one) => sum + Number(one), 0),
    refused: refused === null ? 0 : Number(refused[1]),
  };
}

const SECONDS_PER = { us: 1e-6, ms: 1e-3, s: 1, m: 60 } as const;

function writeScript(plan: WrkPlan): string {
  const path = join(plan.folder, `content-${plan.request.contentLength}.lua`);
  const { method, contentLength } = plan.request;
  writeFileSync(path, `wrk.method = "${method}"\nwrk.body = string.rep("x", ${contentLength})\n`);
  return path;
}
