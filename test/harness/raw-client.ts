/** A client that sends the bytes it is given and reads whole responses, for tests of servers. */
import net from 'node:net';
import { PATIENCE_MS } from './until.ts';

/** Where to connect: a port of 127.0.0.1, or the path of a Unix socket. */
export type Target = number | string;

/** A response as received; text is latin1, one character per byte. */
export interface RawResponse {
  readonly status: number;
  readonly reason: string;
  /** Name and value of each field line, in order, as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Decoded content: chunks joined. */
  readonly content: string;
  /** The status line and field lines as sent, without the empty line. */
  readonly head: string;
}

/** The first value of a field by its name in any case, or `undefined`. */
export function field(response: RawResponse, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return response.fields.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** `GET path` with `Host: localhost`, `Connection: close` and further field lines. */
export function get(path: string, ...lines: readonly string[]): string {
  const more = lines.some((line) => /^host:/i.test(line)) ? lines : ['Host: localhost', ...lines];
  return [`GET ${path} HTTP/1.1`, ...more, 'Connection: close', '', ''].join('\r\n');
}

/** Sends one request on a connection of its own and reads one response. */
export async function ask(target: Target, request: string): Promise<RawResponse> {
  const client = await RawClient.connect(target);
  try {
    client.send(request);
    return await client.response(request.startsWith('HEAD '));
  } finally {
    client.destroy();
  }
}

/** Sends bytes and returns all that comes until the server closes. */
export async function converse(target: Target, request: string): Promise<string> {
  const client = await RawClient.connect(target);
  client.send(request);
  try {
    return await client.rest();
  } finally {
    client.destroy();
  }
}

/** One connection. Whoever opens it destroys it. */
export class RawClient {
  readonly socket: net.Socket;
  private received = '';
  private isEnded = false;
  private problem: Error | undefined = undefined;
  private wake: (() => void) | undefined = undefined;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
      this.wake?.();
    });
    socket.on('end', () => this.ended(undefined));
    socket.on('close', () => this.ended(undefined));
    socket.on('error', (error) => this.ended(error));
  }

  /** Rejects where nobody listens. */
  static async connect(target: Target): Promise<RawClient> {
    const socket =
      typeof target === 'number' ? net.connect(target, '127.0.0.1') : net.connect(target);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return new RawClient(socket);
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** The next response. `isHead` says that the request was HEAD, so that no content follows. */
  async response(isHead = false): Promise<RawResponse> {
    for (;;) {
      const found = readResponse(this.received, isHead, this.isEnded);
      if (typeof found === 'object') {
        this.received = this.received.slice(found.length);
        return found.response;
      }
      if (this.isEnded) {
        const why = this.problem?.message ?? 'the connection was closed';
        throw new Error(`no whole response: ${why} after ${JSON.stringify(this.received)}`);
      }
      do await this.more('a response');
      while (!this.isEnded && this.received.length < found);
    }
  }

  /** Everything up to the end of the connection. A reset counts as an end. */
  async rest(): Promise<string> {
    while (!this.isEnded) await this.more('the end of the connection');
    const all = this.received;
    this.received = '';
    return all;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private ended(problem: Error | undefined): void {
    this.isEnded = true;
    this.problem ??= problem;
    this.wake?.();
  }

  private async more(what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`waited in vain for ${what} after ${JSON.stringify(this.received)}`));
      }, PATIENCE_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}

interface Found {
  readonly response: RawResponse;
  /** Characters of the response in what was received. */
  readonly length: number;
}

/** The response, or the least number of characters that it needs: below it looking again is in vain. */
function readResponse(text: string, isHead: boolean, isEnded: boolean): Found | number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return 0;
  const head = text.slice(0, headEnd);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const [, status = '0', reason = ''] = /^HTTP\/\d\.\d (\d+) ?(.*)$/.exec(statusLine) ?? [];
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const known = { status: Number(status), reason, fields, head };
  const from = headEnd + 4;
  const hasNone = isHead || known.status < 200 || known.status === 204 || known.status === 304;
  if (hasNone) return { response: { ...known, content: '' }, length: from };
  const body = readContent(text, from, { ...known, content: '' }, isEnded);
  if (body === undefined)
    return from + Number(field({ ...known, content: '' }, 'content-length') ?? 0);
  return { response: { ...known, content: body.content }, length: body.end };
}

function readContent(
  text: string,
  from: number,
  response: RawResponse,
  isEnded: boolean,
): { content: string; end: number } | undefined {
  if (/chunked/i.test(field(response, 'transfer-encoding') ?? '')) return readChunks(text, from);
  const length = field(response, 'content-length');
  if (length === undefined) {
    return isEnded ? { content: text.slice(from), end: text.length } : undefined;
  }
  const end = from + Number(length);
  return text.length < end ? undefined : { content: text.slice(from, end), end };
}

function readChunks(text: string, from: number): { content: string; end: number } | undefined {
  let content = '';
  let at = from;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', lineEnd);
      return end === -1 ? undefined : { content, end: end + 4 };
    }
    const next = lineEnd + 2 + size;
    if (text.length < next + 2) return undefined;
    content += text.slice(lineEnd + 2, next);
    at = next + 2;
  }
}
