import { connect } from 'node:net';

/** Whether somebody accepts at a port of 127.0.0.1, or at the path of a Unix socket. */
export async function canConnect(target: number | string): Promise<boolean> {
  const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen;
}
