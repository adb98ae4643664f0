/** Clients of the chat: one in the test's own process, or one of a pool or a whole site. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { PATIENCE_MS } from '../harness/until.ts';
import { temporaryFolder } from './database.ts';
import { ORIGIN, type TestSite } from './site.ts';

/** Longer than anything a test waits for. */

/** What the site says. */
export interface Said {
  readonly type: 'hello' | 'messages' | 'error';
  readonly name?: string;
  readonly text?: string;
  readonly messages?: readonly { id: number; author: string; text: string; at: string }[];
}

/** One WebSocket, and everything it heard. */
export class ChatClient {
  readonly socket: WebSocket;
  readonly heard: Said[] = [];
  /** The close code, once it is closed. */
  readonly closed: Promise<number>;
  #look: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.heard.push(JSON.parse(String(data)));
      this.#look();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code: number) => {
        resolve(code);
        this.#look();
      });
    });
  }

  /** Opens one that ends with the test. Rejects where it is refused; the message names the status. */
  static async open(t: TestContext, url: string, headers: object = {}): Promise<ChatClient> {
    const socket = new WebSocket(url, { headers: { Host: new URL(ORIGIN).host, ...headers } });
    const client = new ChatClient(socket);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    return client;
  }

  say(text: string, name = ''): void {
    this.socket.send(JSON.stringify({ text, name }));
  }

  /** Every text of the room that it heard, in order. */
  get texts(): string[] {
    return this.heard.flatMap(({ messages = [] }) => messages.map(({ text }) => text));
  }

  /** Waits for what `find` gives of what was heard. */
  async hears<Found>(find: (heard: readonly Said[]) => Found | undefined): Promise<Found> {
    const deadline = performance.now() + PATIENCE_MS;
    const timer = setTimeout(() => this.#look(), PATIENCE_MS);
    try {
      for (;;) {
        const found = find(this.heard);
        if (found !== undefined) return found;
        if (performance.now() >= deadline || this.socket.readyState === WebSocket.CLOSED) {
          throw new Error(`waited in vain; heard ${JSON.stringify(this.heard)}`);
        }
        await new Promise<void>((resolve) => {
          this.#look = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for a message of the room; gives its author. */
  hearsText(text: string): Promise<string> {
    return this.hears((heard) => {
      const messages = heard.flatMap((one) => one.messages ?? []);
      return messages.find((message) => message.text === text)?.author;
    });
  }

  /** Waits for the nth error. */
  hearsError(count = 1): Promise<string> {
    return this.hears((heard) => heard.filter(({ type }) => type === 'error')[count - 1]?.text);
  }
}

/** Serves the upgrades of `site` on a Unix socket, as a pool does; gives the URL of the chat. */
export async function serveUpgrades(t: TestContext, site: TestSite): Promise<string> {
  const path = join(await temporaryFolder(t), 'site.sock');
  const server = createServer();
  server.on('upgrade', async (request, socket, head) => {
    let isTaken = false;
    const upgrade = () => {
      isTaken = true;
      return { request, socket, head };
    };
    const asked = new Request(ORIGIN + request.url, { headers: headersOf(request.headers) });
    const { status } = await site.application.fetch(asked, { upgrade });
    if (!isTaken) socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\n\r\n`);
  });
  server.listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  return `ws+unix:${path}:/chat/socket/`;
}

function headersOf(fields: IncomingHttpHeaders): Headers {
  return new Headers(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
