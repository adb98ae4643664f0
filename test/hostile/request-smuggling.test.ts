/** What the pool sees is exactly what the proxy says it passed on, whatever the framing tricks. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RawClient } from '../harness/raw-client.ts';
import { MIRROR, startTiers, type Tiers } from './tiers.ts';

const CORPUS = join(import.meta.dirname, '..', 'wire-corpus', 'cases');
/** Gunicorn's own cases, where they lie beside the project. */
const BESIDE = join(import.meta.dirname, '..', '..', '..', 'shared', 'http-cases');

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';

function post(lines: readonly string[], content: string): string {
  return ['POST /outer HTTP/1.1', 'Host: a', ...lines, '', content].join('\r\n');
}

/** Each hides a request from one of two readers that differ; no reader here may see it. */
const TRICKS: Readonly<Record<string, string>> = {
  'CL.TE': post(['Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`),
  'TE.CL': post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c\r\n${HIDDEN}0\r\n\r\n`),
  'TE.TE, other case and space': post(['Transfer-Encoding : chunked'], `0\r\n\r\n${HIDDEN}`),
  'TE.TE, identity': post(['Transfer-Encoding: identity'], HIDDEN),
  'TE.TE, xchunked': post(['Transfer-Encoding: xchunked', 'Content-Length: 0'], HIDDEN),
  'TE.TE, tab and vertical tab': post(['Transfer-Encoding:\x0bchunked'], `0\r\n\r\n${HIDDEN}`),
  'TE.TE, folded': post(['Transfer-Encoding:\r\n chunked'], `0\r\n\r\n${HIDDEN}`),
  'TE.TE, in quotes': post(['Transfer-Encoding: "chunked"'], `0\r\n\r\n${HIDDEN}`),
  'TE.TE, twice': post(
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'],
    `0\r\n\r\n${HIDDEN}`,
  ),
  'TE hidden behind a bare CR': post(['X: a\rTransfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`),
  'TE hidden behind NUL': post(['Transfer-Encoding: chunked\x00'], `0\r\n\r\n${HIDDEN}`),
  'TE in HTTP/1.0': post(['Transfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`).replace(
    '1.1',
    '1.0',
  ),
  'CL.CL': post(['Content-Length: 0', `Content-Length: ${HIDDEN.length}`], HIDDEN),
  'CL list': post([`Content-Length: 0, ${HIDDEN.length}`], HIDDEN),
  'CL with a sign': post(['Content-Length: +0'], HIDDEN),
  'CL in hexadecimal': post(['Content-Length: 0x0'], HIDDEN),
  'CL that wraps': post(['Content-Length: 18446744073709551616'], HIDDEN),
  'CL with a space before the colon': post(['Content-Length : 5'], HIDDEN),
  'CL with an underscore': post(['Content_Length: 0', 'Content-Length: 5'], `12345${HIDDEN}`),
  'chunk size that wraps': post(['Transfer-Encoding: chunked'], `10000000000000000\r\n${HIDDEN}`),
  'chunk size 0x': post(['Transfer-Encoding: chunked'], `0x5\r\n12345\r\n0\r\n\r\n${HIDDEN}`),
  'chunk size with an underscore': post(['Transfer-Encoding: chunked'], `1_0\r\n${HIDDEN}`),
  'chunk size with a space': post(
    ['Transfer-Encoding: chunked'],
    `5 \r\n12345\r\n0\r\n\r\n${HIDDEN}`,
  ),
  'bare LF after a chunk size': post(
    ['Transfer-Encoding: chunked'],
    `5\n12345\r\n0\r\n\r\n${HIDDEN}`,
  ),
  'bare LF in a chunk extension': post(
    ['Transfer-Encoding: chunked'],
    `2;\nxx\r\n5c\r\n0\r\n\r\n${HIDDEN}`,
  ),
  'bare CR after a chunk size': post(
    ['Transfer-Encoding: chunked'],
    `5\r12345\r\n0\r\n\r\n${HIDDEN}`,
  ),
  'chunk data that is too long': post(
    ['Transfer-Encoding: chunked'],
    `1\r\n12\r\n0\r\n\r\n${HIDDEN}`,
  ),
  'chunk data with another end': post(
    ['Transfer-Encoding: chunked'],
    `2\r\n12XX0\r\n\r\n${HIDDEN}`,
  ),
  // Trailers frame nothing (RFC 9110 6.5.1): the proxy drops them, as nginx does.
  'framing in trailers': post(
    ['Transfer-Encoding: chunked'],
    `0\r\nContent-Length: ${HIDDEN.length}\r\nTransfer-Encoding: chunked\r\n\r\n${HIDDEN}`,
  ),
  'content of GET': `GET /outer HTTP/1.1\r\nHost: a\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  'line end in the target': `GET /outer%0d%0aX: HTTP/1.1\r\nHost: a\r\n\r\n`,
};

/** Tricks whose outer request is whole and right for every reader, so that /hidden may follow it. */
const FOLLOWED = ['CL with an underscore', 'framing in trailers'];

/** Sends bytes, then ends; what comes back until the end. */
async function give(port: number, bytes: Buffer): Promise<string> {
  const client = await RawClient.connect(port);
  client.socket.end(bytes);
  try {
    return await client.rest();
  } finally {
    client.destroy();
  }
}

/** Waits until the request that is sent last has come to both logs. */
async function settle({ proxy, pool, passedOn, seenByPool }: Tiers): Promise<void> {
  await proxy.ask('GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await pool.sees(/^SEEN GET \/last /m);
  await proxy.lines('passed.log', (lines) => lines.some((line) => line.endsWith('GET /last')));
  assert.ok(passedOn().length > 0 && seenByPool().length > 0);
}

/**
 * Without buffering a request is passed on before its content proves broken; the pool logs none that
 * was cut off, so there the proxy may know more.
 */
function assertSameRequests(
  { seenByPool, passedOn }: Tiers,
  kind: string,
  buffering: string,
): void {
  // node:http refuses targets with bytes above 7F before there is a request to log.
  const isRead = (line: string): boolean => kind === 'fetch' || !/[\x80-\xff]/.test(line);
  const passed = passedOn().filter(isRead).sort();
  const seen = seenByPool().sort();
  if (buffering === 'on') assert.deepEqual(seen, passed);
  const left = [...passed];
  for (const line of seen) {
    const at = left.indexOf(line);
    assert.notEqual(at, -1, `the proxy did not pass on ${line}`);
    left.splice(at, 1);
  }
  assert.deepEqual(
    left.filter((line) => !/^(POST|PUT) /.test(line)),
    [],
  );
}

function rawFiles(folder: string): (readonly [name: string, bytes: Buffer])[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.raw'));
  return names.map((name) => [name, readFileSync(join(folder, name))] as const);
}

/** The pool reads requests for these with our engine, and for those with node:http. */
const APPS = {
  fetch: MIRROR,
  '(req, res)': `export default async (req, res) => {
    for await (const piece of req) void piece;
    res.end('good');
  };`,
};

const WAYS = Object.entries(APPS).flatMap(([kind, app]) => [
  [kind, app, 'on'] as const,
  [kind, app, 'off'] as const,
]);

for (const [kind, app, buffering] of WAYS) {
  const location = `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering ${buffering};`;

  test(`both logs name the same requests, none is a hidden one: ${kind}, buffering ${buffering}`, async (t: TestContext) => {
    const tiers = await startTiers(t, {
      app,
      location,
      // Otherwise the pool refuses lines that the proxy takes, and logs less of them.
      args: ['--limit-request-line', '8190'],
    });
    const port = tiers.proxy.port();
    for (const [name, text] of Object.entries(TRICKS)) {
      const marked = text.replace('/hidden', `/hidden?${encodeURIComponent(name)}`);
      await give(port, Buffer.from(marked, 'latin1'));
    }
    const cases = [CORPUS, join(BESIDE, 'valid'), join(BESIDE, 'invalid')].flatMap(rawFiles);
    assert.ok(cases.length > 50);
    for (const [, bytes] of cases) await give(port, bytes);
    await settle(tiers);
    const hidden = tiers.seenByPool().filter((line) => line.includes('/hidden'));
    const names = hidden.map((line) => decodeURIComponent(line.slice(line.indexOf('?') + 1)));
    assert.deepEqual(names, FOLLOWED);
    assertSameRequests(tiers, kind, buffering);
  });
}
