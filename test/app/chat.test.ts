/** The chat: its page, what its WebSocket takes and tells, and what it refuses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { mock, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { addChatMessage, latestMessages } from '../../app/chat/models.ts';
import { Rate } from '../../app/chat/rate.ts';
import type { Database } from '../../app/framework/database.ts';
import { ChatClient, serveUpgrades } from './chat-client.ts';
import { createSite, ORIGIN, type TestSite } from './site.ts';
import { addUser, PASSWORD } from './users.ts';

async function createRoom(t: TestContext): Promise<{ site: TestSite; url: string }> {
  const site = await createSite(t);
  return { site, url: await serveUpgrades(t, site) };
}

const old = { author: 'a', sent_at: '2026-01-01T00:00:00.000Z' };

/** The table itself, to put rows there that the site would not. */
function messagesOf(database: Database) {
  return database.withTables<{ chat_message: typeof old & { id: number; text: string } }>();
}

/** Waits until the site keeps nothing of clients that have left. */
async function forgotten({ site }: TestSite): Promise<void> {
  while (site.openEnds.size > 0) await turn();
}

test('the page shows the latest fifty messages, and escapes them', async (t) => {
  const { database, request } = await createSite(t);
  assert.match(await (await request('/chat/')).text(), /<p class="chat-empty">Nobody has said/);
  for (let i = 1; i <= 51; i++) await addChatMessage(database, { author: 'ada', text: `no ${i}.` });
  await addChatMessage(database, { author: '<i>', text: '<script>alert(1)</script>' });
  const html = await (await request('/chat/')).text();
  assert.match(html, /<p class="chat-empty" hidden>/);
  assert.doesNotMatch(html, /no 2\.|<script>alert|<i>/);
  assert.match(html, /no 3\.<[\s\S]*no 51\.<[\s\S]*&lt;script&gt;alert\(1\)/);
  assert.match(html, /<a href="\/chat\/" aria-current="page">Chat<\/a>/);
});

test('what one says all hear, with author and time, and who enters later too', async (t) => {
  const { url } = await createRoom(t);
  const [ada, bob] = [await ChatClient.open(t, url), await ChatClient.open(t, url)];
  ada.say('  hello\n there ', 'ada');
  assert.equal(await bob.hearsText('hello there'), 'guest-ada');
  assert.equal(await ada.hearsText('hello there'), 'guest-ada');
  const late = await ChatClient.open(t, url);
  const { messages } = await late.hears((heard) => heard.find(({ messages }) => messages));
  assert.equal(messages?.length, 1);
  assert.match(messages?.[0]?.at ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  bob.say('welcome');
  await late.hearsText('welcome');
  assert.deepEqual(ada.texts, ['hello there', 'welcome']);
});

test('who enters hears the latest fifty, oldest first', async (t) => {
  const { site, url } = await createRoom(t);
  for (let i = 1; i <= 60; i++) {
    await addChatMessage(site.database, { author: 'ada', text: String(i) });
  }
  const client = await ChatClient.open(t, url);
  await client.hearsText('60');
  assert.deepEqual(
    client.texts,
    Array.from({ length: 50 }, (_, index) => String(index + 11)),
  );
});

test('a message that becomes visible after a later one is told all the same', async (t) => {
  const { site, url } = await createRoom(t);
  for (const text of ['1', '2', '3']) await addChatMessage(site.database, { author: 'a', text });
  const table = messagesOf(site.database);
  await table.deleteFrom('chat_message').where('id', '=', 2).execute();
  const client = await ChatClient.open(t, url);
  await client.hearsText('3');
  const late = { ...old, id: 2, text: 'late' };
  await table.insertInto('chat_message').values(late).execute();
  await client.hearsText('late');
  assert.deepEqual(client.texts, ['1', '3', 'late']);
});

test('a guest without a name gets one, and is told', async (t) => {
  const { url } = await createRoom(t);
  const client = await ChatClient.open(t, url);
  const name = await client.hears((heard) => heard.find(({ type }) => type === 'hello')?.name);
  assert.match(name, /^guest-[0-9a-f]{4}$/);
  client.say('hi');
  assert.equal(await client.hearsText('hi'), name);
});

test('who is logged in speaks under that name alone', async (t) => {
  const { site, url } = await createRoom(t);
  await addUser(site.database, 'ada', false);
  const login = await site.submit('/accounts/login/', { username: 'ada', password: PASSWORD });
  const cookie = login.headers.getSetCookie().find((one) => one.startsWith('sessionid=')) ?? '';
  const client = await ChatClient.open(t, url, { Cookie: cookie.split(';', 1)[0] });
  assert.equal(await client.hears(([first]) => first?.name), 'ada');
  client.say('it is me', 'bob');
  assert.equal(await client.hearsText('it is me'), 'ada');
});

for (const [what, text, name, error] of [
  ['nothing', ' \t ', '', 'Write something first.'],
  ['too much', 'x'.repeat(201), '', 'A message has at most 200 characters.'],
  ['a long name', 'x', 'n'.repeat(21), 'A name has at most 20 letters, digits, _ and -.'],
  ['a name with a space', 'x', 'a b', 'A name has at most 20 letters, digits, _ and -.'],
] as const) {
  test(`${what} is not taken, and the client is told why`, async (t) => {
    const { site, url } = await createRoom(t);
    const client = await ChatClient.open(t, url);
    client.say(text, name);
    assert.equal(await client.hearsError(), error);
    client.say('y'.repeat(200), 'n'.repeat(20));
    await client.hearsText('y'.repeat(200));
    assert.equal((await latestMessages(site.database, 9)).length, 1);
  });
}

test('errors come in the language of the page', async (t) => {
  const { url } = await createRoom(t);
  const client = await ChatClient.open(t, url, { 'Accept-Language': 'de' });
  client.say('');
  assert.equal(await client.hearsError(), 'Schreiben Sie erst etwas.');
});

test('control characters and halves of characters do no harm', async (t) => {
  const { url } = await createRoom(t);
  const client = await ChatClient.open(t, url);
  client.socket.send('{"text":"a\\u0000b\\ud800c"}');
  await client.hearsText('a b\ufffdc');
});

test('who is too fast is told so, and who goes on is thrown out with 1008', async (t) => {
  const { site, url } = await createRoom(t);
  // The rate does not fill again, however slow this machine is.
  t.mock.method(performance, 'now', () => 0);
  const client = await ChatClient.open(t, url);
  for (let i = 0; i < 100; i++) client.say('spam');
  assert.equal(await client.closed, 1008);
  const errors = client.heard.filter(({ type }) => type === 'error');
  assert.equal(errors.length, 20);
  assert.equal(errors[0]?.text, 'That was too fast. Please wait a moment.');
  // The last of them may still be on their way to the database.
  while ((await latestMessages(site.database, 99)).length < 5) await turn();
  assert.equal((await latestMessages(site.database, 99)).length, 5);
});

test('a rate fills again with time', () => {
  let now = 0;
  const rate = new Rate(() => now);
  const next = (count: number) => Array.from({ length: count }, () => rate.next()).join(' ');
  assert.equal(next(6), 'pass pass pass pass pass refuse');
  now = 1999;
  assert.equal(next(1), 'refuse');
  now = 2000;
  assert.equal(next(2), 'pass refuse');
  now = 1_000_000;
  assert.equal(next(6), 'pass pass pass pass pass refuse');
  assert.equal(next(20).replaceAll('refuse ', ''), 'abuse');
});

for (const [what, data, code] of [
  ['a message of more than a kilobyte', 'x'.repeat(1025), 1009],
  ['bytes', Buffer.from('{"text":"x"}'), 1003],
  ['what is no JSON', 'hello', 1008],
  ['JSON of another shape', '{"text":{}}', 1008],
  ['null', 'null', 1008],
] as const) {
  test(`${what} closes the connection with ${code}`, async (t) => {
    const { site, url } = await createRoom(t);
    const client = await ChatClient.open(t, url);
    client.socket.send(data);
    assert.equal(await client.closed, code);
    assert.deepEqual(await latestMessages(site.database, 9), []);
    await forgotten(site);
  });
}

for (const [what, headers, isOpen] of [
  ['of this site', { Origin: ORIGIN }, true],
  ['of this site behind TLS', { Origin: 'https://polls.test:8080' }, true],
  ['of no browser', {}, true],
  ['of another site', { Origin: 'http://evil.test' }, false],
  ['of another port', { Origin: 'http://polls.test:9090' }, false],
  ['of a sandboxed frame', { Origin: 'null' }, false],
  ['of another site, by Sec-Fetch-Site', { 'Sec-Fetch-Site': 'cross-site' }, false],
] as const) {
  test(`a WebSocket ${what} is ${isOpen ? 'opened' : 'refused'}`, async (t) => {
    const { url } = await createRoom(t);
    const opened = ChatClient.open(t, url, headers);
    if (isOpen) await opened;
    else await assert.rejects(opened, /response: 403/);
  });
}

test('whoever asks for no WebSocket is told to', async (t) => {
  const { request } = await createSite(t);
  const response = await request('/chat/socket/');
  assert.equal(response.status, 426);
  assert.equal(response.headers.get('upgrade'), 'websocket');
  assert.equal((await request('/chat/socket/', { method: 'POST' })).status, 405);
});

test('one connection too many is refused', async (t) => {
  const { site, url } = await createRoom(t);
  for (let i = 0; i < 500; i++) site.site.openEnds.add(() => {});
  await assert.rejects(ChatClient.open(t, url), /response: 503/);
});

test('when the worker stops, each client is told with 1001', async (t) => {
  const { site, url } = await createRoom(t);
  const client = await ChatClient.open(t, url);
  site.site.openEnds.closeAll();
  assert.equal(await client.closed, 1001);
  await forgotten(site);
});

test('a client that answers no ping is cut off by the next', async (t) => {
  const { site, url } = await createRoom(t);
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const [alive, dead] = [await ChatClient.open(t, url), await ChatClient.open(t, url)];
  dead.socket.pong = () => {};
  for (let beat = 1; beat <= 2; beat++) {
    const pinged = new Promise((resolve) => alive.socket.once('ping', resolve));
    mock.timers.tick(25_000);
    await pinged;
    // The answer has arrived where what was sent after it has.
    alive.say(`beat ${beat}`);
    await alive.hearsText(`beat ${beat}`);
  }
  assert.equal(await dead.closed, 1006);
  assert.equal(alive.socket.readyState, WebSocket.OPEN);
  assert.equal(site.site.openEnds.size, 1);
});

test('a connection opens anew after an hour', async (t) => {
  const { url } = await createRoom(t);
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const client = await ChatClient.open(t, url);
  for (let beat = 1; client.socket.readyState === WebSocket.OPEN && beat <= 200; beat++) {
    const pinged = once(client.socket, 'ping');
    mock.timers.tick(25_000);
    await Promise.race([pinged, client.closed]);
    await turn();
    await turn();
  }
  assert.equal(await client.closed, 1001);
});

test('a client that does not read is cut off, and nobody waits for it', async (t) => {
  const { site, url } = await createRoom(t);
  // A connection that takes its first bytes and never says that they have left.
  const socket = new Duplex({ read() {}, write() {} });
  const headers = {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const offer = { request: { method: 'GET', headers }, socket, head: Buffer.alloc(0) };
  await site.application.fetch(new Request(`${ORIGIN}/chat/socket/`), { upgrade: () => offer });
  const quick = await ChatClient.open(t, url);
  assert.equal(site.site.openEnds.size, 2);
  for (let round = 1; round <= 12 && !socket.destroyed; round++) {
    for (let i = 1; i <= 50; i++) {
      await addChatMessage(site.database, { author: 'a', text: `${'x'.repeat(190)}${round}.${i}` });
    }
    await quick.hearsText(`${'x'.repeat(190)}${round}.50`);
  }
  assert.equal(socket.destroyed, true);
  assert.ok(socket.writableLength < 128 * 1024);
  while (site.site.openEnds.size > 1) await turn();
});

test('only the latest thousand messages are kept', async (t) => {
  const { database } = await createSite(t);
  await addChatMessage(database, { author: 'a', text: 'now' });
  const [now] = await latestMessages(database, 1);
  const next = (now?.id ?? 0) + 1;
  for (const [id, text] of [
    [next - 1000, 'thousand and first'],
    [next - 999, 'thousandth'],
  ] as const) {
    await messagesOf(database)
      .insertInto('chat_message')
      .values({ ...old, id, text })
      .execute();
  }
  await addChatMessage(database, { author: 'a', text: 'next' });
  const texts = (await latestMessages(database, 2000)).map(({ text }) => text);
  assert.deepEqual(texts, ['thousandth', 'now', 'next']);
});
