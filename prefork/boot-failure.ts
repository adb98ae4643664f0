/** What a worker process tells its master, and the world by its exit code, of a boot that failed. */
import { textOf } from './errno.ts';
import type { BootFailure, ThreadListener } from './types.ts';

/** Gunicorn's WORKER_BOOT_ERROR. */
const BOOT_ERROR = 3;

/** What the master is told of an error that stopped the boot. */
export function describeFailure(
  error: unknown,
  threadIndex: number,
  listeners: readonly ThreadListener[],
): BootFailure {
  const isError = error instanceof Error;
  return {
    threadIndex,
    name: isError ? error.name : typeof error,
    message: isError ? error.message : String(error),
    stack: isError ? (error.stack ?? '') : '',
    code: textOf(error, 'code'),
    syscall: textOf(error, 'syscall'),
    listener: listenerOf(error, listeners),
  };
}

/** The numeric `exitCode` of an error, 3 where it has none. */
export function exitCodeOf(error: unknown): number {
  const own: unknown =
    typeof error === 'object' && error !== null && Reflect.get(error, 'exitCode');
  return Number.isInteger(own) && typeof own === 'number' && own > 0 ? own : BOOT_ERROR;
}

/** The listener an error names: by `fd` (see `listenOn`), else by the address Node put in it. */
function listenerOf(error: unknown, listeners: readonly ThreadListener[]) {
  if (typeof error !== 'object' || error === null) return undefined;
  const fd: unknown = Reflect.get(error, 'fd');
  const address: unknown = Reflect.get(error, 'address');
  const port: unknown = Reflect.get(error, 'port');
  const found = listeners.find(({ spec, fd: own }) => {
    if (own === fd) return true;
    return spec.kind === 'tcp'
      ? spec.host === address && spec.port === port
      : spec.path === address;
  });
  const isListenError = textOf(error, 'syscall') === 'listen';
  return found?.spec ?? (isListenError && listeners.length === 1 ? listeners[0]?.spec : undefined);
}
