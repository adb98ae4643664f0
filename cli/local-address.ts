/** Addresses of this machine, and which socket accepts what is sent to one. */
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';

/** Where somebody listens, or connects to. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** Whether a program on this machine can listen there. Names are no addresses. */
export function isLocal(address: Address): boolean {
  if ('path' in address) return true;
  const { host } = address;
  if (host === '0.0.0.0' || host === '::' || host.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((list) =>
    list?.some((each) => each.address === host),
  );
}

/** Whether what is sent to `target` arrives at a socket bound to `bound`. */
export function reaches(target: Address, bound: Address): boolean {
  if ('path' in target || 'path' in bound) {
    return 'path' in target && 'path' in bound && resolve(target.path) === resolve(bound.path);
  }
  if (target.port !== bound.port) return false;
  if (target.host === bound.host) return true;
  // Connecting to "any" address means this machine.
  if (target.host === '0.0.0.0') return bound.host.startsWith('127.');
  if (target.host === '::') return bound.host === '::1';
  if (bound.host === '0.0.0.0') return isIPv4(target.host) && isLocal(target);
  return bound.host === '::' && isLocal(target);
}

/** As people write it: `unix:run/app.sock`, `127.0.0.1:8000`, `[::1]:8000`. */
export function showAddress(address: Address): string {
  if ('path' in address) return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
