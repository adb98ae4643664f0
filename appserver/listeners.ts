/** The pool's listening sockets: what `bind` names, what systemd passed, and trying again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { adoptDescriptor, takeSystemdDescriptors } from '../prefork/inherited.ts';
import type { ListenerChange } from '../prefork/listeners.ts';
import type { Master } from '../prefork/master.ts';
import type { BindFailure, ListenerSpec } from '../prefork/types.ts';
import { SettingError } from './errors.ts';
import type { ErrorLog } from './logging/error-log.ts';
import { type BindAddress, parseBind, resolveHost, showBind } from './settings/address.ts';
import type { Settings } from './settings/table.ts';

/** Gunicorn: sock.create_sockets tries five times, a second apart. */
const TRIES = 5;
const PAUSE_MS = 1000;

/** The sockets `bind` names, addresses resolved. Throws SettingError. */
export async function listenerSpecs(settings: Settings): Promise<readonly ListenerSpec[]> {
  const specs: ListenerSpec[] = [];
  for (const text of settings.bind) {
    const address = parseBind(text);
    if (address.kind !== 'fd') specs.push(await specOf(address, settings));
  }
  return specs;
}

async function specOf(
  address: Exclude<BindAddress, { kind: 'fd' }>,
  settings: Settings,
): Promise<ListenerSpec> {
  const { backlog, umask } = settings;
  if (address.kind === 'unix') return { kind: 'unix', path: address.path, umask, backlog };
  const host = await resolveHost(address.host);
  // `::` accepts IPv4 too, as Python's sockets do.
  return { kind: 'tcp', host, port: address.port, ipv6Only: false, reusePort: false, backlog };
}

/**
 * Takes the sockets that are there already into use: systemd's, else those that `bind` names by
 * descriptor. Returns whether systemd gave any: then `bind` is not looked at, as in Gunicorn.
 */
export function adoptListeners(
  master: Master,
  settings: Settings,
  env: NodeJS.ProcessEnv,
): boolean {
  const passed = takeSystemdDescriptors(env);
  for (const fd of passed) adopt(master, fd, settings.backlog);
  if (passed.length > 0) return true;
  for (const text of settings.bind) {
    const address = parseBind(text);
    if (address.kind === 'fd') adopt(master, address.fd, settings.backlog);
  }
  return false;
}

function adopt(master: Master, fd: number, backlog: number): void {
  const listener = adoptDescriptor(fd, backlog);
  if (listener === undefined) throw new SettingError(`descriptor ${fd} is no listening socket`);
  master.listeners.add(listener);
}

/**
 * Tries what could not be bound again, as Gunicorn does; answers whether all is bound in the end. What
 * no try can help (a file where the socket should be) is given up at once.
 */
export async function retryBinding(change: ListenerChange, log: ErrorLog): Promise<boolean> {
  for (let tries = 0; change.failures.length > 0; tries += 1) {
    if (tries === TRIES || change.failures.some(({ isFinal }) => isFinal)) {
      for (const failure of change.failures) log.error(describeEnd(failure));
      return false;
    }
    for (const failure of change.failures) log.error(describeFailure(failure));
    log.error('Retrying in 1 second.');
    await sleep(PAUSE_MS);
    await change.retry();
  }
  return true;
}

/** Why a socket could not be bound, in Gunicorn's words where it has them. */
export function describeFailure(failure: BindFailure): string {
  const shown = showSpec(failure.spec);
  if (failure.reason !== undefined) return describeEnd(failure);
  if (failure.code === 'EADDRINUSE') return `Connection in use: ${shown}`;
  if (failure.code === 'EADDRNOTAVAIL') return `Invalid address: ${shown}`;
  return `${failure.syscall} ${shown} failed: ${failure.message}`;
}

/** Gunicorn's last word, and the reason that it leaves out. */
function describeEnd({ spec, reason, message }: BindFailure): string {
  return `Can't connect to ${showSpec(spec)}: ${reason ?? message}`;
}

/** An address as the log shows it: `http://127.0.0.1:8000`, `unix:run/app.sock`. */
export function showSpec(spec: ListenerSpec): string {
  return showBind(spec.kind === 'unix' ? spec : { kind: 'tcp', host: spec.host, port: spec.port });
}
