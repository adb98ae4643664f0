/** Runs `app/manage.ts` as a person's shell does. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const MANAGE = join(import.meta.dirname, '..', '..', 'app', 'manage.js');

/** How a run of `manage.ts` ended and what it said. */
export interface ManageResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs `manage.ts` with `args`; `input` comes through a pipe. */
export async function runManage(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  input = '',
): Promise<ManageResult> {
  const child = spawn(process.execPath, [MANAGE, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { stdout, stderr, code };
}
