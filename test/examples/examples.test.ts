/** Every example runs as its page says, and its nginx.conf gives the same answers under nginx. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { missing } from '../applications/packages.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { converse, field, get, type RawResponse } from '../harness/raw-client.ts';
import { RunningExample } from './example-fronts.ts';

const skip = lacksNginx();

/** What both fronts answer, which has to be the same but for Date and Server. */
async function sameAnswer(example: RunningExample, request: string): Promise<RawResponse> {
  const answers = [];
  for (const front of example.fronts) answers.push(await front.ask(request));
  const [theirs, ours] = answers.map(({ status, fields, content }, i) => ({
    status,
    fields: fields
      .filter(([name]) => !/^(date|server|content-length|etag|last-modified)$/i.test(name))
      .map(([name, value]) => `${name}: ${value.replace(`:${example.fronts[i]!.port}`, ':8080')}`)
      .sort(),
    content: status >= 300 ? '' : content,
  }));
  assert.deepEqual(ours, theirs, request);
  return answers[1]!;
}

describe('single-page-app', { skip }, () => {
  const example = new RunningExample('single-page-app');
  const api = createServer((request, response) => {
    const { host, 'x-forwarded-for': client } = request.headers;
    response.end(`${request.method} ${request.url} ${host} ${client}`);
  });
  before(async () => {
    await once(api.listen(0, '127.0.0.1'), 'listening');
    await example.start({ 3000: (api.address() as AddressInfo).port });
  });
  after(async () => {
    await example.stop();
    api.close();
    api.closeAllConnections();
  });

  test('a URL of the router is answered by index.html, which is not cached', async () => {
    for (const path of ['/', '/settings/profile', '/index.html']) {
      const response = await sameAnswer(example, get(path));
      assert.equal(response.status, 200, path);
      assert.match(response.content, /A single-page app/);
      assert.equal(field(response, 'Cache-Control'), 'no-cache');
    }
  });

  test('an asset is cached for a year, one that is missing is 404', async () => {
    const response = await sameAnswer(example, get('/assets/app-1a2b3c4d.js'));
    assert.equal(field(response, 'Content-Type'), 'text/javascript');
    const caching = response.fields.filter(([name]) => name === 'Cache-Control');
    assert.deepEqual(
      caching.map(([, value]) => value),
      ['max-age=31536000', 'immutable'],
    );
    assert.equal((await sameAnswer(example, get('/assets/gone.js'))).status, 404);
  });

  test('the API is asked with the host and the client as the proxy saw them', async () => {
    const forged = get('/api/users?page=2', 'Host: example.com', 'X-Forwarded-For: 9.9.9.9');
    const { content } = await sameAnswer(example, forged);
    assert.equal(content, 'GET /api/users?page=2 example.com 127.0.0.1');
  });
});

describe('several-apps', { skip }, () => {
  const example = new RunningExample('several-apps');
  before(async () => {
    await example.start();
    await example.startPool('shop/app:default', 'run/shop.sock');
    await example.startPool('blog/app:default', 'run/blog.sock');
  });
  after(() => example.stop());

  test('the name in the request chooses the app', async () => {
    for (const name of ['shop', 'blog']) {
      const { content } = await sameAnswer(example, get('/a', `Host: ${name}.localhost`));
      assert.equal(content, `${name}: ${name}.localhost/a for 127.0.0.1\n`);
    }
  });

  test('another name of the same app is redirected', async () => {
    const request = get('/post/1?x=2', 'Host: www.blog.localhost');
    const response = await sameAnswer(example, request);
    assert.equal(response.status, 301);
    const { port } = example.fronts[1]!;
    assert.equal(field(response, 'Location'), `http://blog.localhost:${port}/post/1?x=2`);
  });

  test("a stranger's name gets no answer", async () => {
    for (const { port } of example.fronts) {
      assert.equal(await converse(port, get('/', 'Host: 127.0.0.1')), '');
    }
  });
});

describe('websockets', { skip }, () => {
  const example = new RunningExample('websockets');
  before(async () => {
    await example.start();
    await example.startPool('app:default', 'run/app.sock');
  });
  after(() => example.stop());

  test('what is sent comes back, through both fronts', async () => {
    for (const { port } of example.fronts) {
      const origin = `http://127.0.0.1:${port}`;
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket/`, { origin });
      await once(socket, 'open');
      socket.send('hello');
      const [data] = await once(socket, 'message');
      assert.equal(String(data), 'hello');
      socket.close();
      await once(socket, 'close');
    }
  });

  test('another site may not open one, and a plain request is told what to do', async () => {
    for (const { port } of example.fronts) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket/`, {
        origin: 'http://evil.example',
      });
      const [error] = await once(socket, 'error');
      assert.match(String(error), /403/);
    }
    assert.equal((await sameAnswer(example, get('/socket/'))).status, 400);
    assert.match((await sameAnswer(example, get('/'))).content, /<title>Echo/);
  });
});

describe('apps', { skip }, () => {
  const example = new RunningExample('apps');
  before(() => example.start());
  after(() => example.stop());

  for (const [name, needs] of [
    ['Express', undefined],
    ['Hono', undefined],
    ['Fastify', 'fastify'],
    ['Koa', 'koa'],
  ] as const) {
    const lacks = needs === undefined ? false : missing(needs);
    test(`${name} sees the client that the proxy saw, and gets content`, {
      skip: lacks,
    }, async () => {
      const app = `${name.toLowerCase()}-app:app`;
      const pool = await example.startPool(app, 'run/app.sock', needs !== undefined);
      const forged = get('/', 'X-Forwarded-For: 9.9.9.9', 'X-Forwarded-Proto: https');
      const { content } = await sameAnswer(example, forged);
      assert.deepEqual(JSON.parse(content), { hello: name, client: '127.0.0.1', url: 'http' });
      const json = '{"a":1}';
      const echo =
        'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${json.length}\r\n\r\n${json}`;
      assert.deepEqual(JSON.parse((await sameAnswer(example, echo)).content), { a: 1 });
      await pool.stop();
    });
  }

  test('a file in public/ is sent from disk', async () => {
    assert.match((await sameAnswer(example, get('/robots.txt'))).content, /^User-agent/);
  });
});
