/** Whether somebody listens at an address. */
import { connect } from 'node:net';
import type { Address } from './local-address.ts';

/** Resolves with whether somebody accepts; who, it does not tell. */
export function accepts(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(address);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
