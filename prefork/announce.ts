/**
 * A master tells whoever has loaded something into its process (`node --import`) that it serves, and
 * on which sockets: another program may answer at the same address, so connecting proves nothing.
 */
import { channel } from 'node:diagnostics_channel';
import type { ListenerSpec } from './types.ts';

/** Name of the channel in node:diagnostics_channel. */
export const SERVING_CHANNEL = 'tandem.serving';

/** What is published: where this process's workers accept. */
export interface ServingNews {
  readonly listeners: readonly (
    | { readonly path: string }
    | { readonly host: string; readonly port: number }
  )[];
}

const serving = channel(SERVING_CHANNEL);

/** Says that a worker accepts on these sockets. Costs nothing where nobody listens to it. */
export function announceServing(specs: readonly ListenerSpec[]): void {
  if (!serving.hasSubscribers) return;
  serving.publish({
    listeners: specs.map((spec) =>
      spec.kind === 'unix' ? { path: spec.path } : { host: spec.host, port: spec.port },
    ),
  } satisfies ServingNews);
}
