/** `-s WORD`: sends a signal to the master that the pid file names; nginx's ngx_signal_process. */
import { isAlive, readPid } from '../prefork/pidfile.ts';
import { SIGNAL_WORDS } from './command-line.ts';
import { systemFailure, toNodeString } from './config/paths.ts';
import type { EarlyLog } from './early-log.ts';
import { ALERT, ERROR } from './log/error-log.ts';

/** Returns the exit code; what went wrong is in the log. */
export function signalMaster(word: string, pidFile: string, log: EarlyLog): number {
  let content: ReturnType<typeof readPid>;
  try {
    content = readPid(toNodeString(pidFile));
  } catch (error) {
    log.write(ERROR, systemFailure('open', pidFile, error));
    return 1;
  }
  if ('invalid' in content) {
    log.write(ERROR, `invalid PID number "${content.invalid}" in "${pidFile}"`);
    return 1;
  }
  if (!isAlive(content.pid)) {
    log.write(ALERT, `kill(${content.pid}, ${NUMBERS[word]}) failed (3: No such process)`);
    return 1;
  }
  process.kill(content.pid, SIGNAL_WORDS[word]);
  return 0;
}

/** Numbers as Linux has them. */
const NUMBERS: Readonly<Record<string, number>> = { stop: 15, quit: 3, reopen: 10, reload: 1 };
