/** Two applications on two pools behind one front: each serves its own site and nothing else. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type PoolProcess, startPool } from '../appserver/pool-process.ts';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { ask, get, RawClient } from '../harness/raw-client.ts';

const APPS = {
  one: `export default { fetch: async (request) => {
    const { host, pathname } = new URL(request.url);
    return new Response('one ' + host + pathname + ' ' + (await request.text())); } };`,
  two: `export default async (req, res) => {
    let text = ''; for await (const piece of req) text += piece;
    res.end('two ' + req.headers.host + req.url + ' ' + text); };`,
};
type Name = keyof typeof APPS;

function startSite(t: TestContext, name: Name): Promise<PoolProcess> {
  const log = ['--access-logfile', 'access.log', '--access-logformat', '%({host}i)s %(m)s %(U)s'];
  return startPool(t, {
    files: { 'app.mjs': APPS[name] },
    args: ['app', '--threads', '2', ...log],
  });
}

function site(name: Name, pool: PoolProcess): string {
  return `upstream ${name} { server unix:${pool.socketPath}; keepalive 4; }
    server {
      listen 127.0.0.1:8080;
      server_name ${name}.example;
      location /static/ { root ${name}; }
      location / {
        proxy_pass http://${name};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Connection "";
      }
    }`;
}

async function start(t: TestContext): Promise<{ front: Front; pools: Record<Name, PoolProcess> }> {
  const [one, two] = await Promise.all([startSite(t, 'one'), startSite(t, 'two')]);
  const nobody = 'server { listen 127.0.0.1:8080 default_server; return 444; }';
  const front = await startProxy(`${nobody}\n${site('one', one)}\n${site('two', two)}`, {
    main: 'worker_processes 2;',
    files: { 'one/static/a.txt': 'file of one', 'two/static/a.txt': 'file of two' },
  });
  t.after(() => front.stop());
  return { front, pools: { one, two } };
}

/** The lines of a pool's access log, all of them, for its end writes what is not written yet. */
async function heard(pool: PoolProcess): Promise<string[]> {
  pool.signal('SIGTERM');
  await pool.exited;
  return readFileSync(join(pool.folder, 'access.log'), 'utf8').split('\n').slice(0, -1);
}

test('two applications never see a request of each other, nor one for a file', async (t) => {
  const { front, pools } = await start(t);
  const rounds = 40;

  // Every client changes between the sites on one connection.
  const visit = async (client: number): Promise<void> => {
    const connection = await RawClient.connect(front.port());
    for (let round = 0; round < rounds; round += 1) {
      const name: Name = (round + client) % 2 === 0 ? 'one' : 'two';
      const path = `/c${client}/r${round}`;
      const content = `${name}-${client}-${round}`;
      const head = `POST ${path} HTTP/1.1\r\nHost: ${name}.example\r\n`;
      connection.send(`${head}Content-Length: ${content.length}\r\n\r\n${content}`);
      const answer = await connection.response();
      assert.equal(answer.content, `${name} ${name}.example${path} ${content}`);
      connection.send(`GET /static/a.txt HTTP/1.1\r\nHost: ${name}.example\r\n\r\n`);
      assert.equal((await connection.response()).content, `file of ${name}`);
      connection.send(`GET /static/none HTTP/1.1\r\nHost: ${name}.example\r\n\r\n`);
      assert.equal((await connection.response()).status, 404);
    }
    connection.destroy();
  };
  const clients = [0, 1, 2, 3];
  await Promise.all(clients.map(visit));

  for (const name of ['one', 'two'] as const) {
    const lines = await heard(pools[name]);
    const expected = clients.flatMap((client) =>
      Array.from({ length: rounds }, (_, round) => [client, round] as const)
        .filter(([, round]) => ((round + client) % 2 === 0) === (name === 'one'))
        .map(([, round]) => `${name}.example POST /c${client}/r${round}`),
    );
    assert.deepEqual(lines.toSorted(), expected.toSorted());
  }
});

test('where one pool is gone the other serves on, and nobody stands in for it', async (t) => {
  const { front, pools } = await start(t);
  await pools.one.stop();
  const gone = await ask(front.port(), get('/x', 'Host: one.example'));
  assert.equal(gone.status, 502);
  const there = await ask(front.port(), get('/x', 'Host: two.example'));
  assert.equal(there.content, 'two two.example/x ');
  assert.equal((await ask(front.port(), get('/static/a.txt', 'Host: one.example'))).status, 200);
  assert.deepEqual(await heard(pools.two), ['two.example GET /x']);
});
