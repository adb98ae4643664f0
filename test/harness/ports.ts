/** Ports of 127.0.0.1 that nobody listens on. */
import { once } from 'node:events';
import net from 'node:net';

/** Below the ports that the kernel gives to clients, and to servers that ask for any port. */
const FIRST = 10_000;
const RANGES = 100;
const RANGE_SIZE = 200;

/** The first port of the range that is this process's own: it listens there until it ends. */
let claimed: Promise<number> | undefined;
let count = 0;

/**
 * So many different ports, free when this resolves. Test files run side by side, each a process with a
 * range of its own, so nobody is quicker than whoever wants to listen there.
 */
export async function freePorts(wanted: number): Promise<number[]> {
  claimed ??= claimRange();
  const first = await claimed;
  const ports: number[] = [];
  for (let tries = 0; ports.length < wanted; tries++) {
    if (tries === RANGE_SIZE) throw new Error(`no ${wanted} free ports from ${first} on`);
    const port = first + 1 + (count++ % (RANGE_SIZE - 1));
    const server = await listenAt(port);
    if (server === undefined) continue;
    server.close();
    await once(server, 'close');
    ports.push(port);
  }
  return ports;
}

async function claimRange(): Promise<number> {
  for (let i = 0; i < RANGES; i++) {
    const first = FIRST + ((process.pid + i) % RANGES) * RANGE_SIZE;
    const server = await listenAt(first);
    if (server === undefined) continue;
    server.unref();
    return first;
  }
  throw new Error(`no range of ports is free from ${FIRST} on`);
}

/** A server at the port; undefined where somebody listens there. */
async function listenAt(port: number): Promise<net.Server | undefined> {
  const server = net.createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
