/** What must hold beyond the words of a configuration before it may serve; nginx's ngx_init_cycle. */
import { closeSync, openSync, statSync, unlinkSync } from 'node:fs';
import { openFileLimit } from '../prefork/rlimit.ts';
import { ConfigError } from './config/directive.ts';
import { nameBytes, systemFailure } from './config/paths.ts';
import { resolve } from './config/scope.ts';
import type { Cycle } from './cycle.ts';
import { core } from './http/core.ts';
import type { CoreConf } from './http/core-conf.ts';
import { CORE_DEFAULTS } from './http/core-defaults.ts';
import type { ErrorLogTarget } from './log/error-log.ts';
import { LogFiles } from './log/log-file.ts';
import { hasEvents } from './main-conf.ts';

/**
 * Looks for the events block, opens every log once, and sees that every zone has a size. Throws
 * ConfigError, or Node's error with its `path` for a log.
 */
export function checkStart(cycle: Cycle): void {
  if (!hasEvents(cycle.root)) throw new ConfigError('no "events" section in configuration');
  const logs = cycle.http?.load.logs ?? new LogFiles();
  for (const { path } of mainErrorLogs(cycle)) logs.file(path);
  try {
    logs.openAll();
  } finally {
    logs.close();
  }
  cycle.http?.load.zones.check();
}

/** `error_log` of the main level. */
export function mainErrorLogs(cycle: Cycle): readonly ErrorLogTarget[] {
  return resolve<CoreConf>(core, cycle.root, CORE_DEFAULTS, core.merge).error_log;
}

/** nginx `ngx_event_module_init`; its processes have a limit each, our threads share one. */
export function fileLimitWarning({ main }: Cycle): string | undefined {
  const most = openFileLimit();
  const threads = main.worker_processes;
  const connections = main.worker_connections * threads;
  if (most === undefined || connections <= most) return undefined;
  const whose = threads === 1 ? '' : ' of all threads';
  return `${connections} worker_connections${whose} exceed open file resource limit: ${most}`;
}

/** For `-t`: whether the pid file could be written. A file that was not there is not left behind. */
export function checkPidFile(path: string): void {
  const name = nameBytes(path);
  const isThere = statSync(name, { throwIfNoEntry: false }) !== undefined;
  try {
    closeSync(openSync(name, 'a'));
  } catch (error) {
    throw new ConfigError(systemFailure('open', path, error));
  }
  if (!isThere) unlinkSync(name);
}
