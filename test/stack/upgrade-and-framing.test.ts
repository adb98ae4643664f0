/** What of the gateway interface needs both tiers to be seen: upgrades, and lengths that are not kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool } from '../appserver/pool-process.ts';
import { RawClient } from '../harness/raw-client.ts';
import { startBothTiers } from './both-tiers.ts';

const ASK = 'GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';

test('an http.Server takes over a connection through both tiers', async (t) => {
  const { front } = await startBothTiers(
    t,
    `import { createServer } from 'node:http';
     export const server = createServer((req, res) => res.end('plain'));
     server.on('upgrade', (req, socket) => {
       socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n');
       socket.on('data', (data) => socket.write(String(data).toUpperCase()));
     });`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send(ASK);
  assert.equal((await client.response()).status, 101);
  let heard = '';
  client.socket.on('data', (text: string) => {
    heard += text;
  });
  for (const word of ['one', 'two']) {
    client.send(word);
    while (!heard.endsWith(word.toUpperCase())) {
      await new Promise((resolve) => client.socket.once('data', resolve));
    }
  }
  assert.equal(heard, 'ONETWO');
});

test('an upgrade with a Host that is none reaches no listener', async (t) => {
  const front = await startPool(t, {
    files: {
      'app.mjs': `import { createServer } from 'node:http';
        export const server = createServer((req, res) => res.end('plain'));
        server.on('upgrade', (req, socket) => { console.error('taken'); socket.destroy(); });`,
    },
    args: ['app'],
  });
  const answer = await front.raw(ASK.replace('Host: h', 'Host: a@b'));
  assert.match(answer, /^HTTP\/1\.1 400 /);
  front.signal('SIGTERM');
  await front.exited;
  assert.doesNotMatch(front.log, /taken/);
});

test('a fetch application answers a request for an upgrade as any other', async (t) => {
  const { front } = await startBothTiers(
    t,
    `export default { fetch: (request) => new Response(request.headers.get('upgrade'), { status: 426 }) };`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send(ASK);
  const { status, content } = await client.response();
  assert.deepEqual([status, content], [426, 'echo']);
});

test('an application that sends more than it announced spoils no other answer', async (t) => {
  const { front } = await startBothTiers(
    t,
    `export default (req, res) => {
       if (req.url !== '/over') { res.end('good ' + req.url); return; }
       res.setHeader('Content-Length', 3);
       res.write('too');
       res.end('HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nevil');
     };`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  for (let round = 0; round < 10; round += 1) {
    client.send('GET /over HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.equal((await client.response()).content, 'too');
    client.send(`GET /${round} HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.equal((await client.response()).content, `good /${round}`);
  }
});
