import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { type PoolProcess, startPool } from './pool-process.ts';

const APP = `
import { setTimeout as sleep } from 'node:timers/promises';
const events: string[] = [];
let pulls = 0;
const routes: Record<string, (request: Request, gateway: any, context: any) => unknown> = {
  '/facts': (request, gateway, context) => Response.json({
    url: request.url, method: request.method, instance: request instanceof Request,
    agent: request.headers.get('User-Agent'), has: request.headers.has('x-none'),
    list: request.headers.get('x-list'), names: [...request.headers.keys()],
    body: request.body, client: gateway.clientAddress, scheme: gateway.scheme,
    worker: gateway.worker.threadCount, same: gateway === context, cookies: request.headers.get('cookie'),
  }),
  '/text': async (request) => new Response(await request.text()),
  '/json': async (request) => Response.json({ got: await request.json() }),
  '/form': async (request) => new Response([...(await request.formData()).entries()].join('|')),
  '/bytes': async (request) => new Response(await request.bytes()),
  '/blob': async (request) => { const b = await request.blob(); return new Response(b.type + ' ' + b.size); },
  '/clone': async (request) => { const c = request.clone(); return new Response((await request.text()) + (await c.text())); },
  '/copy': async (request) => new Response(await new Request(request, { headers: { a: 'b' } }).text()),
  '/twice': async (request) => { await request.text(); return new Response(String(request.bodyUsed) + (await request.text().catch((e) => e.name))); },
  '/echo': (request) => new Response(request.body),
  '/cookies': () => new Response('x', { headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2']] }),
  '/unicode': () => new Response('h\\u00e9llo \\u20ac'),
  '/empty': () => new Response(null, { status: 204 }),
  '/length': () => new Response('four', { headers: { 'content-length': '99', 'transfer-encoding': 'chunked', connection: 'x' } }),
  '/throw': () => { throw new Error('thrown here'); },
  '/reject': async () => { await sleep(1); throw new Error('rejected here'); },
  '/nothing': () => undefined,
  '/error': () => Response.error(),
  '/foreign': () => ({ status: 200, statusText: 'Fine\\r\\nx: y', headers: new Map([['x-a', 'b']]), body: null }),
  '/split': () => ({ status: 200, statusText: '', headers: new Map([['x-a', 'b\\r\\nc: d']]), body: null }),
  '/used': async () => { const r = new Response('x'); await r.text(); return r; },
  '/stream': () => new Response(new ReadableStream({ async start(c) {
    for (const piece of ['one ', 'two ', 'three']) { c.enqueue(new TextEncoder().encode(piece)); await sleep(1); }
    c.close(); } })),
  '/slowstart': () => new Response(new ReadableStream({ start() {} })),
  '/broken': () => new Response(new ReadableStream({ async start(c) {
    c.enqueue(new TextEncoder().encode('begun')); await sleep(5); c.error(new Error('broke here')); } })),
  '/objects': () => new Response(new ReadableStream({ start(c) { c.enqueue({}); c.close(); } })),
  '/endless': () => new Response(new ReadableStream({
    pull(c) { pulls += 1; c.enqueue(new Uint8Array(65536)); },
    cancel(reason) { events.push('cancelled ' + reason.name); } })),
  '/wait': async (request) => {
    request.signal.addEventListener('abort', () => events.push('aborted ' + request.signal.reason.name));
    events.push('waiting'); await sleep(3600_000); },
  '/later': (_request, gateway) => {
    gateway.waitUntil(sleep(30).then(() => { console.error('work done'); }));
    return new Response('now'); },
  '/events': () => Response.json({ events, pulls }),
};
export default {
  fetch(request: Request, gateway: unknown, context: unknown) {
    const route = routes[new URL(request.url).pathname];
    return route ? route(request, gateway, context) : new Response('none', { status: 404 });
  },
};`;

async function events(pool: PoolProcess): Promise<{ events: string[]; pulls: number }> {
  return JSON.parse((await pool.ask('/events')).text);
}

test('a fetch application', async (t) => {
  const args = ['app', '-b', '127.0.0.1:0', '-b', 'unix:app.sock'];
  const pool = await startPool(t, { files: { 'app.ts': APP }, args });
  const port = await pool.tcpPort();

  await t.test('is given the request as it came', async () => {
    const headers = {
      host: 'Site.Example',
      'user-agent': 'me',
      'X-List': ['a', 'b'],
      cookie: 'a=1',
    };
    const { text } = await pool.ask('/facts?q=1', { headers });
    assert.deepEqual(JSON.parse(text), {
      url: 'http://site.example/facts?q=1',
      method: 'GET',
      instance: true,
      agent: 'me',
      has: false,
      list: 'a, b',
      names: ['connection', 'cookie', 'host', 'user-agent', 'x-list'],
      body: null,
      client: '',
      scheme: 'http',
      worker: 1,
      same: true,
      cookies: 'a=1',
    });
  });

  const post = (path: string, body: string, type = 'text/plain') =>
    pool.ask(path, { method: 'POST', body, headers: { 'content-type': type } });

  await t.test('reads content in every way', async () => {
    assert.equal((await post('/text', 'héllo')).text, 'héllo');
    assert.equal((await post('/json', '{"a":[1]}')).text, '{"got":{"a":[1]}}');
    const form = await post('/form', 'a=1&b=%20', 'application/x-www-form-urlencoded');
    assert.equal(form.text, 'a,1|b, ');
    assert.equal((await post('/bytes', 'raw')).text, 'raw');
    assert.equal((await post('/blob', 'abc', 'a/b')).text, 'a/b 3');
    assert.equal((await post('/clone', 'ab')).text, 'abab');
    assert.equal((await post('/copy', 'ab')).text, 'ab');
    assert.equal((await post('/twice', 'ab')).text, 'trueTypeError');
    assert.equal((await post('/echo', 'x'.repeat(300_000))).text.length, 300_000);
    assert.equal((await pool.ask('/text', { method: 'POST' })).text, '');
  });

  await t.test('reads chunked content', async () => {
    const head = 'POST /text HTTP/1.1\r\nHost: h\r\nConnection: close\r\n';
    const answer = await pool.raw(
      `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
    );
    assert.match(answer, /\r\n\r\nabcde$/);
  });

  await t.test('is answered 400 for on malformed content it waits for', async () => {
    const head = 'POST /text HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n';
    assert.match(await pool.raw(`${head}zz\r\n`), /^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  await t.test('sends every Set-Cookie, UTF-8 and no content where there is none', async () => {
    assert.deepEqual((await pool.ask('/cookies')).headers['set-cookie'], ['a=1', 'b=2']);
    const unicode = await pool.ask('/unicode');
    assert.equal(unicode.text, 'héllo €');
    assert.equal(unicode.headers['content-length'], '10');
    const empty = await pool.ask('/empty');
    assert.deepEqual([empty.status, empty.headers['content-length']], [204, undefined]);
  });

  await t.test('cannot break the framing by its header', async () => {
    const { headers, text } = await pool.ask('/length');
    assert.deepEqual(
      [headers['content-length'], headers['transfer-encoding'], headers.connection, text],
      ['4', undefined, 'close', 'four'],
    );
  });

  await t.test('answers HEAD with the header alone', async () => {
    const { headers, text } = await pool.ask('/unicode', { method: 'HEAD' });
    assert.deepEqual([headers['content-length'], text], ['10', '']);
    assert.equal((await pool.ask('/endless', { method: 'HEAD' })).text, '');
  });

  await t.test('streams', async () => {
    const { headers, text } = await pool.ask('/stream');
    assert.deepEqual([headers['transfer-encoding'], text], ['chunked', 'one two three']);
  });

  await t.test('has its head sent before the first chunk is there', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /slowstart HTTP/1.1\r\nHost: h\r\n\r\n');
    const [head] = await once(socket.setEncoding('latin1'), 'data');
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n.*chunked.*\r\n\r\n$/s);
    socket.resetAndDestroy();
  });

  for (const [path, reason] of [
    ['/throw', /Error handling request \/throw\nError: thrown here\n {4}at .*app\.ts:\d+/],
    ['/reject', /Error handling request \/reject\nError: rejected here/],
    ['/nothing', /the application returned undefined, expected a Response/],
    ['/error', /the application returned a Response of status 0/],
    ['/split', /TypeError: .* is an invalid header value/s],
    ['/used', /the body of the Response has already been read/],
  ] as const) {
    await t.test(`gets 500 and a line in the error log for ${path}`, async () => {
      const { status, text } = await pool.ask(path);
      assert.equal(status, 500);
      assert.match(text, /<h1>Internal Server Error<\/h1>/);
      await pool.sees(reason);
    });
  }

  await t.test('may answer with a Response of its own making', async () => {
    const answer = await pool.raw('GET /foreign HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\nx-a: b\r\nDate: /);
  });

  await t.test('that fails after the head has its connection aborted', async () => {
    for (const path of ['/broken', '/objects']) {
      const answer = await pool.raw(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/);
    }
    await pool.sees(/Error: broke here/);
    await pool.sees(/a response stream gave object, expected a Uint8Array or text/);
  });

  await t.test(
    'is read no faster than the client takes it, and told when that leaves',
    async () => {
      const socket = await pool.connected();
      socket.pause();
      socket.write('GET /endless HTTP/1.1\r\nHost: h\r\n\r\n');
      let before = -1;
      for (;;) {
        const { pulls } = await events(pool);
        if (pulls > 0 && pulls === before) break;
        before = pulls;
      }
      assert.ok(before < 40, `${before} chunks of 64 KB were pulled`);
      socket.destroy();
      while (!(await events(pool)).events.includes('cancelled AbortError'));
    },
  );

  await t.test('hears of a reset on request.signal', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /wait HTTP/1.1\r\nHost: h\r\n\r\n');
    while (!(await events(pool)).events.includes('waiting'));
    socket.resetAndDestroy();
    while (!(await events(pool)).events.includes('aborted AbortError'));
  });

  await t.test('never sees a method or host that no Request can have', async () => {
    const bad = [
      ['TRACE / HTTP/1.1\r\nHost: h', 501],
      ['CONNECT h:1 HTTP/1.1\r\nHost: h:1', 501],
      ['GET / HTTP/1.1\r\nHost: a@b', 400],
      ['GET ftp://h/ HTTP/1.1\r\nHost: h', 400],
    ] as const;
    for (const [head, status] of bad) {
      const answer = await pool.raw(`${head}\r\nConnection: close\r\n\r\n`);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), head);
    }
  });

  await t.test('is given the host of an absolute target, and none under HTTP/1.0', async () => {
    const absolute = await pool.raw(
      'GET http://other.example/facts HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    );
    assert.match(absolute, /"url":"http:\/\/other\.example\/facts"/);
    assert.match(
      await pool.raw('GET /facts HTTP/1.0\r\n\r\n'),
      /"url":"http:\/\/localhost\/facts"/,
    );
  });

  await t.test('has its work waited for when the worker stops', async () => {
    assert.equal((await pool.ask('/later')).text, 'now');
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
    assert.match(pool.log, /work done/);
  });
});
