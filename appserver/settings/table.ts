/** Every setting, in the order of Gunicorn's reference, and the type they make together. */
import { configFile } from './config-file.ts';
import { debugging } from './debugging.ts';
import { logging } from './logging.ts';
import { processNaming } from './process-naming.ts';
import { security } from './security.ts';
import { serverMechanics } from './server-mechanics.ts';
import { serverSocket } from './server-socket.ts';
import type { Setting } from './setting.ts';
import { workerProcesses } from './worker-processes.ts';

const rows = [
  ...configFile,
  ...serverSocket,
  ...workerProcesses,
  ...security,
  ...serverMechanics,
  ...logging,
  ...processNaming,
  ...debugging,
] as const;

type Row = (typeof rows)[number];

/** The settings of a pool, resolved: plain data, which a worker receives as it is. */
export type Settings = {
  readonly [R in Row as R['name']]: R extends Setting<string, infer T> ? T : never;
};

/** Rows in the order in which help and docs show them. */
export const SETTINGS: readonly Setting[] = rows;
