/** The contract: what comes before the first request and after the last. Ends the pool. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { RawClient } from '../../harness/raw-client.ts';
import type { Subject } from './subject.ts';

export async function checkLife(t: TestContext, subject: Subject): Promise<void> {
  const { pool, shape } = subject;
  await t.test('it was recognised as what it is', () => {
    assert.ok(
      pool.log.includes(`app:application is a ${shape.recognisedAs} application`),
      pool.log,
    );
  });

  await t.test(
    'lifespan: load, startup, requests, stopping, waitUntil, shutdown, exit 0',
    async () => {
      const stuck = await RawClient.connect(subject.path);
      stuck.send('GET /never HTTP/1.1\r\nHost: h\r\n\r\n');
      assert.equal((await subject.get('/later')).content, 'now');
      pool.signal('SIGTERM');
      await pool.sees(/Handling signal: term/);
      stuck.destroy();
      assert.equal(await pool.exited, 0);
      const story = [...pool.log.matchAll(/^journal: (.*)$/gm)].map(([, event]) => event);
      const hasFramework = ['Fastify', 'hapi'].includes(shape.recognisedAs);
      assert.deepEqual(story, [
        'loaded',
        'startup begins',
        'startup of 0 ends',
        'stopping',
        'work done',
        ...(hasFramework ? ['framework closed'] : []),
        'shutdown begins',
        'shutdown ends',
      ]);
      assert.doesNotMatch(pool.log, /\[CRITICAL\]|Worker .* was terminated|unhandled/i);
    },
  );
}
