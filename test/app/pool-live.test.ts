/** Live results and the chat where several workers serve, alone and behind the proxy. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { addChatMessage } from '../../app/chat/models.ts';
import { migrationModules } from '../../app/config/migrations.ts';
import { connectDatabase, type Database } from '../../app/framework/database.ts';
import { migrate } from '../../app/framework/migrations.ts';
import { castVote, createQuestions } from '../../app/polls/models.ts';
import { type PoolProcess, startPool } from '../appserver/pool-process.ts';
import { startStack } from '../harness/stack.ts';
import { ChatClient } from './chat-client.ts';
import { databaseVariables, freshDatabase } from './database.ts';
import { EventReader } from './event-reader.ts';
import { questionOf } from './site.ts';

const APPLICATION = join(import.meta.dirname, '..', '..', 'app', 'server.ts');
const STREAM = '/polls/1/results/stream/';
/** With three workers, that all land on one of them is as good as impossible. */
const CLIENTS = 9;

/** A pool of three workers, and the database it shares with this process. */
async function startSite(t: TestContext): Promise<{ pool: PoolProcess; database: Database }> {
  const place = await freshDatabase(t);
  const database = connectDatabase(place);
  t.after(() => database.destroy());
  await migrate(database, migrationModules);
  await createQuestions(database, [questionOf('Fast?', ['Yes', 'No'])]);
  const pool = await startPool(t, {
    files: {},
    args: [`${APPLICATION}:application`, '--workers', '3', '--graceful-timeout', '600'],
    env: databaseVariables(place),
  });
  await pool.sees(/Booting worker/, 3);
  return { pool, database };
}

/** Opens the stream at the socket of a pool, or through a front. */
function follow(t: TestContext, at: { readonly socketPath: string } | { readonly port: number }) {
  return new Promise<EventReader>((resolve, reject) => {
    const headers = { Host: 'localhost' };
    const where = 'port' in at ? { port: at.port } : { socketPath: at.socketPath };
    const asked = request({ path: STREAM, agent: false, headers, host: '127.0.0.1', ...where });
    asked.once('error', reject).once('response', (answer) => {
      t.after(() => answer.destroy());
      const { statusCode: status = 0, headers } = answer;
      const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
      const fields = { 'content-type': headers['content-type'] ?? '' };
      resolve(new EventReader(new Response(body, { status, headers: fields })));
    });
    asked.end();
  });
}

function hasTotal(total: number) {
  return (data: unknown) => (data as { total: number }).total === total;
}

test('three workers of one site', async (t) => {
  const { pool, database } = await startSite(t);
  const url = `ws+unix:${pool.socketPath}:/chat/socket/`;

  await t.test('a vote of any process reaches the listeners of every worker', async (t) => {
    const readers = await Promise.all(Array.from({ length: CLIENTS }, () => follow(t, pool)));
    await Promise.all(readers.map((reader) => reader.until(hasTotal(0))));
    await castVote(database, 1);
    await Promise.all(readers.map((reader) => reader.until(hasTotal(1))));
    await pool.ask('/polls/1/vote/', {
      method: 'POST',
      headers: {
        Cookie: `csrftoken=${'A'.repeat(43)}`,
        'X-CSRFToken': 'A'.repeat(43),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'choice=2',
    });
    await Promise.all(readers.map((reader) => reader.until(hasTotal(2))));
  });

  await t.test('what is said in one worker is heard in all', async (t) => {
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => ChatClient.open(t, url)),
    );
    clients[0]?.say('hello', 'ada');
    const authors = await Promise.all(clients.map((client) => client.hearsText('hello')));
    assert.deepEqual([...new Set(authors)], ['guest-ada']);
    await addChatMessage(database, { author: 'elsewhere', text: 'from afar' });
    await Promise.all(clients.map((client) => client.hearsText('from afar')));
  });

  for (const [signal, what, total] of [
    ['SIGHUP', 'a reload', 2],
    ['SIGTERM', 'a stop', 3],
  ] as const) {
    await t.test(`${what} of the pool ends streams and WebSockets in order, at once`, async (t) => {
      const reader = await follow(t, pool);
      await reader.until(hasTotal(total));
      const client = await ChatClient.open(t, url);
      pool.signal(signal);
      assert.equal(await reader.event(), undefined);
      assert.equal(await client.closed, 1001);
      // They have ten minutes; that this comes to its end says that nobody waits for them.
      if (signal === 'SIGTERM') assert.equal(await pool.exited, 0);
      else {
        await pool.sees(/Worker exiting/, 3);
        await castVote(database, 1);
        await (await follow(t, pool)).until(hasTotal(3));
        await ChatClient.open(t, url);
      }
      assert.doesNotMatch(pool.log, /CRITICAL|SIGKILL|rror:/);
    });
  }
});

test('behind the proxy, events and messages come as they are sent, until both tiers stop', async (t) => {
  if (process.env['TEST_DATABASE_URL'] !== undefined) return t.skip('the site folder has SQLite');
  const stack = await startStack();
  let isStopped = false;
  t.after(() => (isStopped ? undefined : stack.stop()));
  const database = connectDatabase(stack.folder.env['DATABASE_PATH'] ?? '');
  t.after(() => database.destroy());
  const reader = await follow(t, { port: stack.folder.port() });
  const { data } = await reader.until(() => true);
  const { total } = data as { total: number };
  await castVote(database, 1);
  await reader.until(hasTotal(total + 1));
  const url = `${stack.url.replace('http', 'ws')}/chat/socket/`;
  const headers = { Host: new URL(stack.url).host, Origin: stack.url };
  const [ada, bob] = [
    await ChatClient.open(t, url, headers),
    await ChatClient.open(t, url, headers),
  ];
  ada.say('hello', 'ada');
  assert.equal(await bob.hearsText('hello'), 'guest-ada');
  await assert.rejects(ChatClient.open(t, url, { ...headers, Origin: 'http://evil.test' }), /403/);
  const ended = stack.stop();
  isStopped = true;
  assert.equal(await reader.event(), undefined);
  assert.deepEqual(await Promise.all([ada.closed, bob.closed]), [1001, 1001]);
  await ended;
});
