/** Ports of 127.0.0.1 that nobody listens on. */
import { once } from 'node:events';
import net from 'node:net';

/** Below the ports that the kernel gives to clients, and to servers that ask for any port. */
const FIRST = 10_000;
/** Test files run side by side, each a process: so many ranges, one for a process. */
const RANGES = 100;
const RANGE_SIZE = 200;

const range = FIRST + (process.pid % RANGES) * RANGE_SIZE;
let count = 0;

/**
 * So many different ports, free when this resolves. Nobody is to be quicker than whoever wants to
 * listen there: not the kernel, nor (but for one of 100) another process that asks here.
 */
export async function freePorts(wanted: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < wanted; tries++) {
    if (tries === RANGE_SIZE) throw new Error(`no ${wanted} free ports from ${range} on`);
    const port = range + (count++ % RANGE_SIZE);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
