/** access_log: where lines go, when they are written, and what happens to them at the end. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { judge, startProxy } from '../harness/proxy.ts';
import { get, RawClient } from '../harness/raw-client.ts';

const SHORT = `log_format short '$uri $status';`;

async function during(
  http: string,
  run: (front: Front) => Promise<void>,
  main?: string,
): Promise<void> {
  const front = await startProxy(http, main === undefined ? {} : { main });
  try {
    await run(front);
  } finally {
    await front.stop();
  }
}

test('a line is in the file when the next request is answered', async () => {
  const http = `${SHORT} access_log a.log short;
    server { listen 127.0.0.1:8080; return 204; }`;
  await during(http, async (front) => {
    const client = await RawClient.connect(front.port());
    for (let i = 0; i < 3; i++) {
      client.send(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.response();
    }
    const [first, second] = front.read('a.log').split('\n');
    assert.deepEqual([first, second], ['/0 204', '/1 204']);
    client.destroy();
  });
});

test('buffered lines wait until the buffer is full', async () => {
  const http = `${SHORT} access_log a.log short buffer=20;
    server { listen 127.0.0.1:8080; return 204; }`;
  await during(http, async (front) => {
    await front.ask(get('/one'));
    await front.ask(get('/two'));
    assert.equal(front.read('a.log'), '');
    await front.ask(get('/three'));
    assert.deepEqual(await front.lines('a.log', 2), ['/one 204', '/two 204']);
  });
});

test('buffered lines are written when their time has passed', async () => {
  const http = `${SHORT} access_log a.log short buffer=32k flush=20ms;
    server { listen 127.0.0.1:8080; return 204; }`;
  await during(http, async (front) => {
    await front.ask(get('/one'));
    assert.deepEqual(await front.lines('a.log', 1), ['/one 204']);
  });
});

for (const signal of ['SIGTERM', 'SIGQUIT'] as const) {
  test(`buffered lines are written before ${signal} ends the proxy`, async () => {
    const http = `${SHORT} access_log a.log short buffer=32k;
      server { listen 127.0.0.1:8080; return 204; }`;
    await during(http, async (front) => {
      await front.ask(get('/one'));
      front.signal(signal);
      assert.deepEqual(await front.lines('a.log', 1), ['/one 204']);
    });
  });
}

test('USR1 writes buffers to the file that was moved away and opens the path anew', async () => {
  const http = `${SHORT} access_log a.log short buffer=32k; access_log b.log short;
    server { listen 127.0.0.1:8080; return 204; }`;
  await during(http, async (front) => {
    await front.ask(get('/before'));
    await front.lines('b.log', 1);
    for (const name of ['a.log', 'b.log']) {
      renameSync(join(front.folder, name), join(front.folder, `${name}.1`));
    }
    front.signal('SIGUSR1');
    assert.deepEqual(await front.lines('a.log.1', 1), ['/before 204']);
    while (!existsSync(join(front.folder, 'b.log'))) await front.ask(get('/between'));
    await front.ask(get('/after'));
    await front.lines('b.log', (lines) => lines.includes('/after 204'));
    assert.ok(!readFileSync(join(front.folder, 'b.log.1'), 'latin1').includes('/after'));
  });
});

test('lines of several threads never mix', async () => {
  const http = `log_format long '$request_uri $request_uri $request_uri';
    access_log a.log long;
    server { listen 127.0.0.1:8080; return 204; }`;
  const run = async (front: Front): Promise<void> => {
    const clients = await Promise.all(
      Array.from({ length: 8 }, () => RawClient.connect(front.port())),
    );
    const work = clients.map(async (client, name) => {
      for (let i = 0; i < 50; i++) {
        client.send(`GET /${String(name).repeat(500)} HTTP/1.1\r\nHost: a\r\n\r\n`);
        await client.response();
      }
      client.destroy();
    });
    await Promise.all(work);
    const lines = await front.lines('a.log', 400);
    assert.equal(lines.length, 400);
    for (const line of lines) assert.match(line, /^\/(\d)\1{499} \/\1{500} \/\1{500}$/);
  };
  await during(http, run, 'worker_processes 2;');
});

test('without access_log there is no access log', async () => {
  const http = '#no access_log here\nserver { listen 127.0.0.1:8080; return 204; }';
  await during(http, async (front) => {
    await front.ask(get('/'));
    assert.ok(!existsSync(join(front.folder, 'logs')));
  });
});

test('a path with variables is opened for each line, or kept open by open_log_file_cache', async () => {
  const http = `${SHORT}
    server { listen 127.0.0.1:8080; root .; access_log $arg_to.log short; return 204; }
    server { listen 127.0.0.1:8081; root .; access_log kept-$arg_to.log short; return 204;
      open_log_file_cache max=2 valid=1h min_uses=1; }
    server { listen 127.0.0.1:8082; root .; access_log looked-$arg_to.log short; return 204;
      open_log_file_cache max=2 valid=0; }`;
  await during(http, async (front) => {
    const move = (name: string): void =>
      renameSync(join(front.folder, name), join(front.folder, `${name}.1`));
    await front.ask(get('/one?to=a'));
    await front.lines('a.log', 1);
    move('a.log');
    await front.ask(get('/two?to=a'));
    assert.deepEqual(await front.lines('a.log', 1), ['/two 204']);

    await front.ask(get('/one?to=a'), 8081);
    await front.lines('kept-a.log', 1);
    move('kept-a.log');
    await front.ask(get('/two?to=a'), 8081);
    assert.deepEqual(await front.lines('kept-a.log.1', 2), ['/one 204', '/two 204']);

    await front.ask(get('/one?to=a'), 8082);
    await front.lines('looked-a.log', 1);
    move('looked-a.log');
    await front.ask(get('/two?to=a'), 8082);
    assert.deepEqual(await front.lines('looked-a.log', 1), ['/two 204']);

    for (const to of ['b', 'c', 'd', 'a']) await front.ask(get(`/three?to=${to}`), 8081);
    assert.deepEqual(await front.lines('kept-a.log', 1), ['/three 204']);
  });
});

test('a log that cannot be written is reported once and loses no request', async () => {
  const http = 'access_log /dev/full; server { listen 127.0.0.1:8080; return 204; }';
  await during(http, async (front) => {
    for (let i = 0; i < 3; i++) assert.equal((await front.ask(get('/'))).status, 204);
    const isSaid = (line: string): boolean => line.includes('write() to "/dev/full" failed (28');
    const lines = await front.lines('error.log', (all) => all.some(isSaid));
    assert.equal(lines.filter(isSaid).length, 1);
  });
});

test('-t refuses a log file that cannot be opened', () => {
  const { code, lines } = judge('access_log absent/a.log; server { listen 127.0.0.1:8080; }');
  assert.equal(code, 1);
  assert.match(lines.join('\n'), /\[emerg\] open\(\) "absent\/a\.log" failed \(2: No such file/);
});

for (const parameter of ['gzip', 'gzip=9']) {
  test(`${parameter} is refused clearly`, () => {
    const { lines } = judge(`access_log a.log combined ${parameter} buffer=1k;`);
    assert.match(lines.join('\n'), /parameter "gzip(=9)?" is not supported by Tandem in nginx/);
  });
}

test('syslog is refused clearly', () => {
  const { lines } = judge('access_log syslog:server=localhost combined;');
  assert.match(lines.join('\n'), /"access_log" to syslog is not supported by Tandem in nginx/);
});
