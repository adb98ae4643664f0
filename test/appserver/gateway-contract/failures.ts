/** The contract: what becomes of a request that goes wrong. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { converse, RawClient } from '../../harness/raw-client.ts';
import { noted, type Subject } from './subject.ts';

export async function checkFailures(t: TestContext, subject: Subject): Promise<void> {
  await t.test(
    'an error before the head is a 500 that tells nothing; the log tells all',
    async () => {
      const client = await RawClient.connect(subject.path);
      for (const [path, error] of [
        ['/throw', 'secret thrown'],
        ['/reject', 'secret rejected'],
      ] as const) {
        client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
        const answer = await client.response();
        assert.equal(answer.status, 500);
        const told = `${answer.head}${answer.content}`;
        assert.doesNotMatch(told, /secret|\.ts/);
        // What the application had set for its own answer is not kept for the pool's.
        if (!subject.shape.answersErrors) assert.doesNotMatch(told, /x-half/);
        await subject.pool.sees(new RegExp(`Error: ${error}\\n +at .*\\.ts:\\d+`));
      }
      client.send('GET /status/200 HTTP/1.1\r\nHost: h\r\n\r\n');
      assert.equal((await client.response()).status, 200);
      client.destroy();
    },
  );

  await t.test('an error after the head cuts the connection', async () => {
    const raw = await converse(subject.path, 'GET /break HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(raw, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(raw, /\r\n0\r\n\r\n$|secret/);
    await subject.pool.sees(/Error: secret break/);
  });

  await t.test('a client that leaves is made known, however it leaves', async () => {
    const leave = {
      closes: (client: RawClient) => client.destroy(),
      'shuts its side': (client: RawClient) => client.socket.end(),
    };
    for (const [how, go] of Object.entries(leave)) {
      const before = await countEvents(subject, 'never');
      const client = await RawClient.connect(subject.path);
      client.send('GET /never HTTP/1.1\r\nHost: h\r\n\r\n');
      await noted(subject, 'never begun', before.begun + 1);
      go(client);
      await noted(subject, 'never aborted', before.aborted + 1).catch((error: Error) => {
        throw new Error(`client ${how}: ${error.message}`);
      });
      client.destroy();
    }
  });

  await t.test('content that breaks off is an error where it is waited for', async () => {
    const client = await RawClient.connect(subject.path);
    client.send('POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc');
    await subject.notes();
    client.destroy();
    assert.equal((await subject.get('/status/200')).status, 200);
  });

  await t.test(
    'malformed chunks are an error or the end, never the end of the content',
    async () => {
      const head = 'POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n';
      const raw = await converse(subject.path, `${head}3\r\nabc\r\nzz\r\n`);
      // A framework that answers for errors makes its own of the one it is given.
      assert.match(
        raw,
        subject.shape.answersErrors ? /^(HTTP\/1\.1 [45]|$)/ : /^(HTTP\/1\.1 400 |$)/,
      );
    },
  );
}

async function countEvents(
  subject: Subject,
  word: string,
): Promise<Record<'begun' | 'aborted', number>> {
  const { events } = await subject.notes();
  const count = (end: string): number =>
    events.filter((event) => event === `${word} ${end}`).length;
  return { begun: count('begun'), aborted: count('aborted') };
}
