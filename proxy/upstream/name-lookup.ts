/**
 * Host names to addresses while a configuration is read. nginx asks the system's resolver and waits
 * (`ngx_inet_resolve_host`); Node's resolver only answers later, so another thread asks and this one
 * waits for it. It happens only where a file names a host, and never for a request.
 */
import net from 'node:net';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';

/** How long a lookup may hold up the load. */
const LONGEST_LOOKUP_MS = 30_000;

const LOOKUP = `
const { workerData } = require('node:worker_threads');
require('node:dns').lookup(workerData.host, { all: true }, (error, addresses) => {
  workerData.port.postMessage(error ? [] : addresses.map((each) => each.address));
  Atomics.store(workerData.done, 0, 1);
  Atomics.notify(workerData.done, 0);
});
`;

/**
 * All addresses of `host`, IPv4 first as nginx has them; empty where there is none.
 */
export function lookupHost(host: string): string[] {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(LOOKUP, {
    eval: true,
    execArgv: [],
    workerData: { host, port: port2, done },
    transferList: [port2],
  });
  worker.on('error', () => {}); // Reported as no address, once the wait is over.
  worker.unref();
  Atomics.wait(done, 0, 0, LONGEST_LOOKUP_MS);
  const answer: { message: unknown } | undefined = receiveMessageOnPort(port1);
  port1.close();
  void worker.terminate();
  const found = answer === undefined ? [] : addressesIn(answer.message);
  return [...found.filter(net.isIPv4), ...found.filter(net.isIPv6)];
}

function addressesIn(message: unknown): string[] {
  return Array.isArray(message) ? message.filter((each) => typeof each === 'string') : [];
}
