/** Opens idle connections from another process, and lets them go. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LOAD_CORE } from '../cores.ts';
import { type RequestShape, wireForm } from '../requests.ts';
import type { HolderLine } from './idle-holder.ts';

/** Idle connections that are open. */
export interface Held {
  /** Closes them; throws where some were closed by the front in the meantime. */
  release(): Promise<void>;
}

const OPEN_TIMEOUT_MS = 20_000;

/** Opens so many connections to a port, does the request once on each and keeps them. */
export async function holdIdle(port: number, count: number, request: RequestShape): Promise<Held> {
  const holder = `${import.meta.dirname}/idle-holder.ts`;
  const args = [holder, String(port), String(count), wireForm(request)];
  const script = 'ulimit -Sn "$(ulimit -Hn)"; exec taskset -c "$0" "$@"';
  const child = spawn('sh', ['-c', script, String(LOAD_CORE), process.execPath, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 120_000,
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<HolderLine> => {
    const late = setTimeout(() => child.kill('SIGKILL'), OPEN_TIMEOUT_MS);
    const next = await lines.next();
    clearTimeout(late);
    if (next.done === true) throw new Error('the holder of idle connections ended');
    return JSON.parse(next.value) as HolderLine;
  };
  const proveAllOpen = (line: HolderLine): void => {
    if (line.open === count && line.problem === '') return;
    child.kill('SIGKILL');
    throw new Error(`${line.open} of ${count} idle connections are open: ${line.problem}`);
  };
  proveAllOpen(await nextLine());
  return {
    async release() {
      child.stdin.end();
      const line = await nextLine();
      await exited;
      proveAllOpen(line);
    },
  };
}
