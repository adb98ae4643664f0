/** An upstream that answers what the request itself spells out, so that one serves all cases of a file. */
import { get } from '../harness/raw-client.ts';
import { answering, type Lifetime, type Upstream, upstreamFor } from '../proxy/upstream-servers.ts';

const FIELD = /^X-Answer: (\S+)\r\n/im;

/** Starts it; a request that asks for nothing is sent back as content. */
export function scriptedUpstream(t: Lifetime): Promise<Upstream> {
  const script = answering((request) => {
    const wanted = FIELD.exec(request)?.[1];
    if (wanted !== undefined) return Buffer.from(wanted, 'base64').toString('latin1');
    const type = 'Content-Type: text/plain';
    return `HTTP/1.1 200 OK\r\n${type}\r\nContent-Length: ${request.length}\r\n\r\n${request}`;
  });
  return upstreamFor(t, (connection) => {
    connection.socket.once('end', () => connection.socket.end());
    script(connection);
  });
}

/** A request that the upstream answers with these bytes. */
export function answeredBy(path: string, response: string, ...lines: readonly string[]): string {
  const encoded = Buffer.from(response, 'latin1').toString('base64');
  return get(path, ...lines, `X-Answer: ${encoded}`);
}

/** A response with these field lines and the content `no`. */
export function reply(start: string, ...lines: readonly string[]): string {
  return [`HTTP/1.1 ${start}`, ...lines, 'Content-Length: 2', '', 'no'].join('\r\n');
}
