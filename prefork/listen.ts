/** How a thread starts to listen on the descriptor it was given. */
import type { Server } from 'node:net';
import type { ThreadListener } from './types.ts';

/**
 * Listens on a thread's own copy of a descriptor with the listener's backlog. Rejects with Node's
 * error (EADDRINUSE where another process listens on the port already), which then names the
 * descriptor in `fd`, so that the master's `BootFailure` can name the listener.
 */
export function listenOn(server: Server, listener: ThreadListener): Promise<void> {
  const { fd, spec } = listener;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(Object.assign(error, { fd }));
    server.once('error', fail);
    server.listen({ fd }, spec.backlog, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
