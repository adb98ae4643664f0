/** The contract: what an application may answer. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { converse, field, RawClient } from '../../harness/raw-client.ts';
import { closing, noted, type Subject } from './subject.ts';

const UPGRADE = 'Host: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';

/** The node family has no offer for a request that asks for an upgrade. */
function ordinary({ shape }: Subject): Readonly<Record<string, string>> {
  return shape.kind === 'node' ? { '/upgrade': 'no offer' } : {};
}

export async function checkResponses(t: TestContext, subject: Subject): Promise<void> {
  await t.test('every status arrives, with content only where it may have some', async () => {
    const client = await RawClient.connect(subject.path);
    for (const status of [200, 201, 204, 304, 404, 451, 503]) {
      client.send(`GET /status/${status} HTTP/1.1\r\nHost: h\r\n\r\n`);
      const answer = await client.response();
      const content = status === 204 || status === 304 ? '' : 'content';
      assert.deepEqual([answer.status, answer.content], [status, content]);
      assert.equal(field(answer, 'etag'), '"v"');
      // RFC 9110 8.6 and 9112 6.1: a 204 has neither.
      if (status !== 204) continue;
      assert.equal(field(answer, 'content-length'), undefined);
      assert.equal(field(answer, 'transfer-encoding'), undefined);
    }
    client.destroy();
  });

  await t.test(
    'HEAD has the head of GET, no content, and leaves the connection usable',
    async () => {
      const client = await RawClient.connect(subject.path);
      for (const path of ['/status/200', '/stream', '/cookies']) {
        client.send(`HEAD ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
        assert.equal((await client.response(true)).status, 200, path);
      }
      client.send('GET /status/404 HTTP/1.1\r\nHost: h\r\n\r\n');
      assert.equal((await client.response()).status, 404);
      client.destroy();
    },
  );

  await t.test('each Set-Cookie is a line of its own', async () => {
    const { fields } = await subject.get('/cookies');
    const cookies = fields.filter(([name]) => name.toLowerCase() === 'set-cookie');
    assert.deepEqual(
      cookies.map(([, value]) => value),
      ['a=1', 'b=2; Path=/'],
    );
  });

  await t.test('a stream arrives in full, with trailers where the shape has them', async () => {
    assert.equal((await subject.get('/stream')).content, 'one two three');
    const raw = await converse(subject.path, closing(['GET /trailers HTTP/1.1', 'Host: h']));
    const trailers = subject.shape.kind === 'node' ? 'x-sum: 1\r\n' : '';
    assert.ok(raw.endsWith(`\r\n0\r\n${trailers}\r\n`), raw);
  });

  await t.test('a large stream passes through both ways at once', async () => {
    const content = Array.from({ length: 200_000 }, (_, i) => `${i};`).join('');
    const { text } = await subject.pool.ask('/echo', { method: 'POST', body: content });
    assert.ok(text === content, `${text.length} of ${content.length} bytes`);
  });

  await t.test('an endless stream is read no faster than the client takes it', async () => {
    const ended = (await subject.notes()).events.filter(
      (event) => event === 'endless ended',
    ).length;
    const client = await RawClient.connect(subject.path);
    client.socket.pause();
    const before = (await subject.notes()).pulls;
    client.send('GET /endless HTTP/1.1\r\nHost: h\r\n\r\n');
    for (let pulls = before, last = -1; pulls === before || pulls !== last; ) {
      last = pulls;
      pulls = (await subject.notes()).pulls;
    }
    const taken = (await subject.notes()).pulls - before;
    assert.ok(taken < 40, `${taken} chunks of 64 KB were pulled`);
    client.destroy();
    await noted(subject, 'endless ended', ended + 1);
  });

  await t.test('Upgrade is no matter of the application that has no use for it', async () => {
    for (const [path, content] of Object.entries({
      '/status/200': 'content',
      ...ordinary(subject),
    })) {
      const client = await RawClient.connect(subject.path);
      client.send(`GET ${path} HTTP/1.1\r\n${UPGRADE}`);
      const answer = await client.response();
      assert.deepEqual([answer.status, answer.content], [200, content]);
      client.destroy();
    }
    assert.equal((await subject.get('/upgrade')).content, 'no offer');
  });

  if (subject.shape.kind === 'fetch') {
    await t.test('a connection can be taken over', async () => {
      const client = await RawClient.connect(subject.path);
      client.send(`GET /upgrade HTTP/1.1\r\n${UPGRADE}early`);
      const answer = await client.response();
      assert.deepEqual([answer.status, field(answer, 'connection')], [101, 'upgrade']);
      client.socket.end(' late');
      assert.equal(await client.rest(), 'early late');
      client.destroy();
    });
  }

  await t.test('a value that would split the response is refused', async () => {
    const answer = await subject.get('/split');
    assert.equal(answer.status, 500);
    assert.doesNotMatch(`${answer.head}${answer.content}`, /evil/);
  });
}
