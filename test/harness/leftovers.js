// Finds and ends what a run of the tests has started, wherever it hangs in the tree of processes:
// masters, their workers, daemons. Plain JavaScript for test/run.js, which any Node may start.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The variable that every process of a run inherits; its value is the run's own process id. */
export const MARK = 'TANDEM_TEST_RUN';

/** How long programs may take to end when asked, before they are killed. */
const PATIENCE_MS = 3000;
const LOOK_EVERY_MS = 20;

/** Whether the system tells of every process's environment, as Linux does. */
const HAS_PROC = existsSync('/proc/self/environ');

/**
 * Ends all processes of a run, and resolves when they are gone. `runner` leads the session of the
 * tests; where there is no /proc, as on macOS, its process group alone is ended.
 * @param {string} run @param {number} runner
 */
export async function endRun(run, runner) {
  const deadline = performance.now() + PATIENCE_MS;
  signalAll(run, runner, 'SIGTERM');
  while (HAS_PROC ? processesOf(run, runner).length > 0 : signal(-runner, 0)) {
    await pause(LOOK_EVERY_MS);
    // Looking again finds what was being started when the others were asked.
    if (performance.now() > deadline) signalAll(run, runner, 'SIGKILL');
  }
}

/**
 * The processes of a run but the caller. nginx writes its title over its environment, so the session
 * counts too.
 * @param {string} run @param {number} session @returns {number[]}
 */
export function processesOf(run, session) {
  const word = `\0${MARK}=${run}\0`;
  const isOfRun = (/** @type {number} */ pid) =>
    sessionOf(pid) === session || `\0${textOf(`/proc/${pid}/environ`)}\0`.includes(word);
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return all.filter((pid) => pid !== process.pid && isOfRun(pid));
}

/** @param {string} run @param {number} runner @param {NodeJS.Signals} name */
function signalAll(run, runner, name) {
  for (const pid of HAS_PROC ? processesOf(run, runner) : [-runner]) signal(pid, name);
}

/** Whether there was anybody to get it. @param {number} pid @param {NodeJS.Signals | 0} name */
function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    // It has ended in the meantime.
    return false;
  }
}

/** The session of a process; 0 where it is gone or a zombie, which no signal reaches. @param {number} pid */
function sessionOf(pid) {
  // proc(5): the name in brackets may hold anything; state, parent, group and session follow it.
  const text = textOf(`/proc/${pid}/stat`);
  const [state, , , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === undefined || state === 'Z' ? 0 : Number(session);
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone, or another user's.
    return '';
  }
}
