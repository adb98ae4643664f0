/** The contract: what an application is given. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { ask, RawClient } from '../../harness/raw-client.ts';
import { closing, type Subject } from './subject.ts';

interface Facts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly protocol: string;
  readonly client: string;
  readonly scheme: string;
  readonly threadCount: number;
  readonly hasOwnPid: boolean;
  readonly interface: string;
  readonly hasOneSignal: boolean;
  readonly fields: Readonly<Record<string, string>>;
}

async function facts(target: string | number, head: readonly string[]): Promise<Facts> {
  return JSON.parse((await ask(target, closing(head))).content);
}

export async function checkRequests(t: TestContext, subject: Subject): Promise<void> {
  await t.test('method, path, query and fields are given as they came', async () => {
    const given = await facts(subject.path, [
      'PATCH /facts?a=1&b=%20x HTTP/1.1',
      'Host: Site.Example:8080',
      'X-List: one',
      'X-List: two',
      'Cookie: a=1',
      'Cookie: b=2',
      'X-Empty:',
    ]);
    assert.equal(given.method, 'PATCH');
    assert.deepEqual([given.path, given.query], ['/facts', '?a=1&b=%20x']);
    assert.equal(given.host, 'site.example:8080');
    assert.equal(given.fields['x-list'], 'one, two');
    assert.equal(given.fields['cookie'], 'a=1; b=2');
    assert.equal(given.fields['x-empty'], '');
  });

  await t.test('the gateway tells worker and server', async () => {
    const given = await facts(subject.path, ['GET /facts HTTP/1.1', 'Host: h']);
    assert.deepEqual([given.threadCount, given.hasOwnPid, given.interface], [1, true, '1.1']);
    assert.deepEqual([given.client, given.scheme], ['', 'http']);
    assert.equal(given.hasOneSignal, true);
  });

  await checkTrust(t, subject);
  await checkRefusals(t, subject);
  await checkContent(t, subject);
}

const FORWARDED = [
  'X-Forwarded-Proto: https',
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-Host: evil.example',
];

async function checkTrust(t: TestContext, subject: Subject): Promise<void> {
  const head = ['GET /facts HTTP/1.1', 'Host: h', ...FORWARDED];
  await t.test('a trusted front tells scheme and client, never the host', async () => {
    const { client, scheme, protocol, host } = await facts(subject.path, head);
    assert.deepEqual([client, scheme, protocol], ['203.0.113.7', 'https', 'https:']);
    assert.equal(host, 'h');
  });

  await t.test('nobody else does', async () => {
    const { client, scheme, protocol } = await facts(subject.port, head);
    assert.deepEqual([client, scheme, protocol], ['127.0.0.1', 'http', 'http:']);
  });

  await t.test('a trusted front that contradicts itself is refused, another ignored', async () => {
    const request = closing([...head, 'X-Forwarded-Ssl: off']);
    assert.equal((await ask(subject.path, request)).status, 400);
    assert.equal((await ask(subject.port, request)).status, 200);
  });
}

const BAD_HEADS: readonly (readonly string[])[] = [
  ['GET / HTTP/1.1', 'Host: a@b'],
  ['GET / HTTP/1.1', 'Host: a/b'],
  ['GET / HTTP/1.1', 'Host: a b'],
  ['GET / HTTP/1.1', 'Host: h', 'Host: i'],
  ['GET / HTTP/1.1', 'Host: h:99999'],
  ['GET / HTTP/1.1'],
  ['GET ftp://h/ HTTP/1.1', 'Host: h'],
  ['GET / HTTP/1.1', 'Host: h', 'Content-Length: 1', 'Content-Length: 2'],
];

async function checkRefusals(t: TestContext, subject: Subject): Promise<void> {
  await t.test('what is no request, or has no one host, never reaches it', async () => {
    const before = (await subject.notes()).requests;
    for (const head of BAD_HEADS) {
      assert.equal((await ask(subject.path, closing(head))).status, 400, head.join(' | '));
    }
    assert.equal((await subject.notes()).requests, before);
  });
}

async function checkContent(t: TestContext, subject: Subject): Promise<void> {
  const post = (path: string, framing: string, content: string) =>
    ask(subject.path, closing([`POST ${path} HTTP/1.1`, 'Host: h', framing], content));
  const chunked = (content: string, trailers = '') =>
    `${content.length.toString(16)}\r\n${content}\r\n0\r\n${trailers}\r\n`;

  await t.test('content comes whole: by its length, in chunks, empty or absent', async () => {
    const { content } = await post('/echo', 'Content-Length: 5', 'a\0\xffbc');
    assert.equal(content, 'a\0\xffbc');
    assert.equal(
      (await post('/echo', 'Transfer-Encoding: chunked', chunked('abc'))).content,
      'abc',
    );
    assert.equal((await post('/echo', 'Content-Length: 0', '')).content, '');
    assert.equal((await post('/echo', 'X: y', '')).content, '');
  });

  await t.test('trailers come with the content where the shape has a place for them', async () => {
    const sent = chunked('abc', 'x-sum: 3\r\n');
    const { content } = await post('/count', 'Transfer-Encoding: chunked', sent);
    const trailers = subject.shape.kind === 'node' ? { trailers: { 'x-sum': '3' } } : {};
    assert.deepEqual(JSON.parse(content), { bytes: 3, ...trailers });
  });

  await t.test('content that it does not read does not disturb the next request', async () => {
    const client = await RawClient.connect(subject.path);
    const length = 200_000;
    const head = 'POST /ignore HTTP/1.1\r\nHost: h\r\n';
    client.send(`${head}Content-Length: ${length}\r\n\r\n${'GET /facts HTTP/1.1'.padEnd(length)}`);
    assert.equal((await client.response()).content, 'ignored');
    client.send('GET /facts HTTP/1.1\r\nHost: h\r\n\r\n');
    // Or the connection is closed: what must not happen is that content is read as a request.
    const next = await client.response().catch(() => undefined);
    if (next !== undefined) assert.equal(JSON.parse(next.content).path, '/facts');
    client.destroy();
  });

  await t.test(
    'who is still sending content that it does not read gets the answer whole',
    async () => {
      const client = await RawClient.connect(subject.path);
      const half = 'x'.repeat(100_000);
      client.send(
        `POST /ignore HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n${half}`,
      );
      assert.equal((await client.response()).content, 'ignored');
      // RFC 9112 9.6: closed at once, this would be answered by a reset that may overtake the answer.
      const failed: Error[] = [];
      client.socket.on('error', (error) => failed.push(error));
      await new Promise<unknown>((resolve) => client.socket.write(half, resolve));
      assert.equal(await client.rest(), '');
      assert.deepEqual(failed, []);
      client.destroy();
    },
  );

  await t.test('content waits with the client until it is read', async () => {
    const held = await holdContent(subject);
    assert.ok(held.stalledAt < 4_000_000, `${held.stalledAt} bytes were taken unread`);
    assert.equal(held.counted, held.sent);
  });
}

/** Sends content to `/hold` until it stalls, lets it be read, and sends the rest. */
async function holdContent(
  subject: Subject,
): Promise<Record<'stalledAt' | 'sent' | 'counted', number>> {
  const client = await RawClient.connect(subject.path);
  const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
  client.send('POST /hold HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n');
  let chunks = 0;
  const send = (): void => {
    client.send(chunk);
    chunks += 1;
  };
  // Stalled: nothing more was taken while two other requests were answered.
  for (let quiet = 0; quiet < 2 && chunks < 200; ) {
    while (client.socket.writableLength === 0) send();
    const { bytesWritten, writableLength } = client.socket;
    await subject.notes();
    await subject.notes();
    const isStalled =
      client.socket.bytesWritten - client.socket.writableLength === bytesWritten - writableLength;
    quiet = isStalled && client.socket.writableLength > 0 ? quiet + 1 : 0;
  }
  const stalledAt = chunks * 65_536;
  await subject.get('/release');
  send();
  client.send('0\r\n\r\n');
  const { content } = await client.response();
  client.destroy();
  return { stalledAt, sent: chunks * 65_536, counted: JSON.parse(content).bytes };
}
