/**
 * The proxy inside the test's own process, from its sources: for tests that add modules of their own, or
 * look at what it holds.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Accounts } from '../../http1/accounts.ts';
import { threadClock } from '../../http1/clock.ts';
import { reportFaultsTo } from '../../http1/fault.ts';
import { listen } from '../../http1/listener.ts';
import { nginxTimes, serverOptions } from '../../http1/options.ts';
import { loadCycle } from '../../proxy/cycle.ts';
import { RequestEntry } from '../../proxy/http/entry.ts';
import { LogFile } from '../../proxy/log/log-file.ts';
import { nginxHeadLimits } from '../../wire/head.ts';

export interface InsideProxy {
  readonly port: number;
  readonly accounts: Accounts;
  /** Lines of the error log. */
  readonly errors: string[];
  /** What was thrown where no request was known. */
  readonly strays: unknown[];
}

/** Serves the first address of `http`, the inside of an http block; ends with the test. */
export async function startInside(
  t: TestContext,
  http: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<InsideProxy> {
  const errors: string[] = [];
  const strays: unknown[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'tandem-inside-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, `events {} http { ${http} }`);
  const cycle = loadCycle({ prefix: `${folder}/`, file, directives: '', errorLog: undefined });
  const load = cycle.http!.load;
  load.logs.openAll();
  const memory = Object.entries(load.zones.sizes).map(
    ([name, size]) => [name, new SharedArrayBuffer(size)] as const,
  );
  load.zones.attach(Object.fromEntries(memory), {
    threadIndex: 0,
    ended: new Int32Array(new SharedArrayBuffer(4)),
  });
  const { write } = LogFile.prototype;
  LogFile.prototype.write = function (line) {
    if (this.path.endsWith('error.log')) errors.push(line);
    else write.call(this, line);
  };
  reportFaultsTo((error) => strays.push(error));

  const accounts = new Accounts();
  const thread = { pid: process.pid, index: 0, place: 0, threads: 1, clock: threadClock };
  const server = serverOptions({ headLimits: nginxHeadLimits(), times: nginxTimes });
  const entry = new RequestEntry(cycle.http!.addresses[0]!, thread);
  const listener = await listen({ port: 0 }, 511, { accounts, server }, entry);
  t.after(() => {
    accounts.close();
    LogFile.prototype.write = write;
  });
  const { port } = listener.address() as AddressInfo;
  return { port, accounts, errors, strays };
}
