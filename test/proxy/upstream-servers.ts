/** Upstream servers for the tests of proxying: they answer what a test gives and keep what they got. */
import net from 'node:net';
/** What registers the end of a test: its context, or hooks of a suite. */
export interface Lifetime {
  after(hook: () => unknown): void;
}

import { ConfigError } from '../../proxy/config/directive.ts';
import { loadCycle } from '../../proxy/cycle.ts';
import type { Front, FrontOptions } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';

/** What a server does with one connection's bytes. */
export type Script = (connection: UpstreamConnection) => void;

/** One connection to a test's upstream. */
export interface UpstreamConnection {
  readonly socket: net.Socket;
  /** Everything received on it so far, latin1. */
  readonly received: string;
  /** Serial number, from 1. */
  readonly serial: number;
  send(text: string): void;
  /** Called with everything received so far, for every piece that comes. */
  onData(listener: (received: string) => void): void;
}

/** A server on a free port or a Unix path; it stops with its test. */
export interface Upstream {
  readonly port: number;
  readonly connections: readonly UpstreamConnection[];
  /** What was received on each connection. */
  readonly received: readonly string[];
}

class Connection implements UpstreamConnection {
  readonly socket: net.Socket;
  readonly serial: number;
  received = '';
  private readonly listeners: ((received: string) => void)[] = [];

  constructor(socket: net.Socket, serial: number) {
    this.socket = socket;
    this.serial = serial;
    socket.setEncoding('latin1');
    socket.on('error', () => {}); // A reset is what some tests are about.
    socket.on('data', (text: string) => {
      this.received += text;
      for (const listener of this.listeners) listener(this.received);
    });
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  onData(listener: (received: string) => void): void {
    this.listeners.push(listener);
    if (this.received !== '') listener(this.received);
  }
}

/** Starts the proxy on the inside of an http block for the time of a test. */
export async function proxyFor(t: Lifetime, http: string, options?: FrontOptions): Promise<Front> {
  const front = await startProxy(http, options);
  t.after(() => front.stop());
  return front;
}

/** Starts an upstream that runs `script` for each connection. */
export async function upstreamFor(t: Lifetime, script: Script, path?: string): Promise<Upstream> {
  const connections: Connection[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new Connection(socket, connections.length + 1);
    connections.push(connection);
    script(connection);
  });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(async () => {
    for (const { socket } of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections,
    get received() {
      return connections.map((connection) => connection.received);
    },
  };
}

/** A script that answers every request on a connection by `answer`; content by Content-Length only. */
export function answering(answer: (request: string, serial: number) => string | undefined): Script {
  return (connection) => {
    let handled = 0;
    connection.onData((received) => {
      for (;;) {
        const end = requestEnd(received, handled);
        if (end === undefined) return;
        const text = answer(received.slice(handled, end), connection.serial);
        handled = end;
        if (text === undefined) {
          connection.socket.destroy();
          return;
        }
        connection.send(text);
      }
    });
  };
}

function requestEnd(text: string, from: number): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n', from);
  if (headEnd === -1) return undefined;
  const head = text.slice(from, headEnd);
  if (/^transfer-encoding: chunked/im.test(head)) {
    const end = text.indexOf('0\r\n\r\n', headEnd);
    return end === -1 ? undefined : end + 5;
  }
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return text.length < end ? undefined : end;
}

/** A whole response. */
export function response(status: number, content: string, ...lines: readonly string[]): string {
  const fields = [...lines, `Content-Length: ${content.length}`];
  return `HTTP/1.1 ${status} Status\r\n${fields.join('\r\n')}\r\n\r\n${content}`;
}

/** The first line of the message for the inside of an http block, as `-t` words it; lines count from 1. */
export function judgeHere(http: string): string {
  const file = '/nginx.conf';
  const text = `events { } http { ${http}\n}`;
  try {
    loadCycle({
      prefix: '/',
      file,
      directives: '',
      errorLog: undefined,
      files: new Map([[file, text]]),
    });
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replace(file, 'nginx.conf');
    throw error;
  }
  return 'ok';
}
