/** Upstream servers that say in their answers, and remember, which content reached them. */
import { answering, type Lifetime, response, upstreamFor } from '../proxy/upstream-servers.ts';

/** Ports of the servers, and what they saw. */
export interface ContentPeers {
  /** Answers 200 with what it saw. */
  readonly up: number;
  /** Answers 503 once it has the whole request. */
  readonly busy: number;
  /** Reads the request head and closes. */
  readonly closing: number;
  /** Reads part of the content and closes. */
  readonly greedy: number;
  /** Answers with an X-Accel-Redirect to where the query's `to` says. */
  readonly accel: number;
  /** What was seen of requests whose target holds `tag`, in order. */
  seen(tag: string): readonly string[];
}

const HAS_CONTENT = /^(content-length: [1-9]|transfer-encoding:)/im;

/** Starts the servers for a suite. */
export async function startContentPeers(t: Lifetime): Promise<ContentPeers> {
  const all: string[] = [];
  const note = (peer: string, request: string): string => {
    const line = `${peer}: ${summary(request)}`;
    all.push(line);
    return line;
  };
  const up = await upstreamFor(
    t,
    answering((request) => response(200, note('up', request))),
  );
  const busy = await upstreamFor(
    t,
    answering((request) => response(503, note('busy', request))),
  );
  const accel = await upstreamFor(
    t,
    answering((request) => {
      const to = /[?&]to=([^&\s]+)/.exec(request)?.[1] ?? '';
      return response(200, note('accel', request), `X-Accel-Redirect: ${to}`);
    }),
  );
  const closesAfter = async (name: string, awaitsContent: boolean): Promise<number> => {
    const peer = await upstreamFor(t, (connection) => {
      let isClosed = false;
      connection.onData((received) => {
        const end = received.indexOf('\r\n\r\n');
        if (isClosed || end === -1) return;
        const hasContent = awaitsContent && HAS_CONTENT.test(received);
        if (hasContent && received.length === end + 4) return;
        isClosed = true;
        note(name, received.slice(0, end + 4));
        connection.socket.destroy();
      });
    });
    return peer.port;
  };
  return {
    up: up.port,
    busy: busy.port,
    accel: accel.port,
    closing: await closesAfter('closing', false),
    greedy: await closesAfter('greedy', true),
    seen: (tag) => all.filter((line) => line.includes(tag)),
  };
}

/** Request line, framing, and the content that came: its length and a sum. */
function summary(request: string): string {
  const end = request.indexOf('\r\n\r\n');
  const head = request.slice(0, end);
  const raw = request.slice(end + 4);
  const isChunked = /^transfer-encoding: chunked/im.test(head);
  const length = /^content-length: (.*)$/im.exec(head)?.[1] ?? '-';
  const content = isChunked ? joined(raw) : raw;
  const [line = ''] = head.split(' HTTP/');
  return `${line} ${isChunked ? 'chunked' : `length ${length}`} content ${digest(content)}`;
}

function joined(chunks: string): string {
  let content = '';
  for (let at = 0; ; ) {
    const end = chunks.indexOf('\r\n', at);
    const size = Number.parseInt(chunks.slice(at, end), 16);
    if (!(size > 0)) return content;
    content += chunks.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}

function digest(text: string): string {
  let total = 0;
  for (let i = 0; i < text.length; i++) total = (total * 31 + text.charCodeAt(i)) % 1_000_003;
  return `${text.length}/${total}`;
}
