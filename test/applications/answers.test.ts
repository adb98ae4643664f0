/** What fetch applications answer in the pool, beside what they answer on their own server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Answer, startPool } from '../appserver/pool-process.ts';
import { missing, PACKAGES } from './packages.ts';

const OWN = 'own.sock';

interface App {
  readonly source: string;
  /** Serves `app` on OWN. */
  readonly own: string;
  readonly paths: readonly string[];
}

const HONO_NODE = `import { createAdaptorServer } from '@hono/node-server'; createAdaptorServer(app).listen('${OWN}');`;
const H3_NODE = `import { createServer } from 'node:http'; import { toNodeHandler } from 'h3/node'; createServer(toNodeHandler(app)).listen('${OWN}');`;
const SRVX_NODE = `import { createServer } from 'node:http'; import { toNodeHandler } from 'srvx/node'; createServer(toNodeHandler(app.fetch)).listen('${OWN}');`;

const BODIES = `const bodies = {
  '/text': () => 'hällo', '/empty': () => '', '/form': () => new URLSearchParams({ a: '1', b: 'ü' }),
  '/bytes': () => new Uint8Array([104, 105]), '/words': () => new Uint16Array([1, 2, 3]),
  '/view': () => new DataView(new Uint8Array([120, 104, 105, 121]).buffer, 1, 2),
  '/buffer': () => new Uint8Array([104, 105]).buffer, '/node-buffer': () => Buffer.from('hi'),
  '/blob': () => new Blob(['hällo'], { type: 'text/x-own' }), '/object': () => new String('object'), '/number': () => 42,
};`;

const APPS: Record<string, App> = {
  'h3 2': {
    source: `import { H3, html, HTTPError } from 'h3'; export const app = new H3()
      .get('/text', () => 'hällo').get('/json', () => ({ a: 1 })).get('/html', () => html\`<p>\${'x'}</p>\`)
      .get('/bytes', () => new Uint8Array([104, 105])).get('/none', () => null)
      .get('/own', () => new Response('own', { headers: { 'x-own': '1' } }))
      .get('/error', () => { throw new HTTPError({ status: 418 }); })
      .get('/cookies', (event) => { event.res.headers.append('set-cookie', 'a=1'); event.res.headers.append('set-cookie', 'b=2'); return 'two'; });`,
    own: H3_NODE,
    paths: ['/text', '/json', '/html', '/bytes', '/none', '/own', '/error', '/cookies', '/missing'],
  },
  'srvx FastResponse': {
    source: `import { FastResponse } from 'srvx'; import { Readable } from 'node:stream'; ${BODIES}
      export const app = { fetch(request) { const { pathname } = new URL(request.url);
        if (pathname === '/json') return FastResponse.json({ a: 1 });
        if (pathname === '/readable') return new FastResponse(Readable.from(['one ', 'two']));
        if (pathname === '/touched') { const r = new FastResponse('touched'); r.headers.set('x-own', '1'); return r; }
        return new FastResponse(bodies[pathname]()); } };`,
    own: SRVX_NODE,
    paths: [
      '/text',
      '/empty',
      '/json',
      '/readable',
      '/touched',
      '/bytes',
      '/view',
      '/buffer',
      '/node-buffer',
      '/blob',
    ],
  },
  Hono: {
    source: `import { Hono } from 'hono'; import { html } from 'hono/html'; ${BODIES}
      export const app = new Hono(); app.get('/html', (c) => c.html(html\`<p>\${'ü'}</p>\`)).get('/json', (c) => c.json({ a: 1 }));
      app.get('/*', (c) => new Response(bodies[c.req.path]()));`,
    own: HONO_NODE,
    paths: [
      '/html',
      '/json',
      '/text',
      '/form',
      '/bytes',
      '/words',
      '/view',
      '/buffer',
      '/object',
      '/number',
    ],
  },
};

for (const [name, { source, own, paths }] of Object.entries(APPS)) {
  test(`${name} answers with the type and length it has on its own server`, {
    skip: missing(),
  }, async (t) => {
    const files = {
      'app.mjs': source,
      'own.mjs': `import { app } from './app.mjs'; ${own} console.log('serving');`,
    };
    const pool = await startPool(t, { files, args: ['app:app'], packages: PACKAGES });
    await serveItself(t, pool.folder);
    for (const path of paths) {
      const ours = await pool.ask(path);
      const theirs = await askAt(join(pool.folder, OWN), path);
      assert.equal(ours.text, theirs.text, path);
      const [mine, its] = [ours, theirs].map(framing);
      // Bytes have no type in the Fetch standard (extract a body); @hono/node-server calls them text.
      if (name === 'Hono' && BYTES.has(path)) its![1] = undefined;
      // A length where their own server has none is no loss.
      if (its![2] === undefined) mine![2] = undefined;
      assert.deepEqual(mine, its, path);
    }
  });
}

const BYTES: ReadonlySet<string> = new Set(['/bytes', '/words', '/view', '/buffer']);

function framing({ status, headers }: Answer): (string | number | undefined)[] {
  const type = headers['content-type']?.toLowerCase().replace('; ', ';');
  return [
    status,
    type,
    headers['content-length'],
    String(headers['set-cookie']),
    String(headers['x-own']),
  ];
}

async function serveItself(t: TestContext, folder: string): Promise<void> {
  const child = spawn(process.execPath, ['own.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const [line] = await once(child.stdout, 'data');
  assert.match(String(line), /serving/);
}

function askAt(socketPath: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    httpRequest({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const CLIENT = { headers: { 'x-forwarded-for': '192.0.2.1' } };

test('getConnInfo of @hono/node-server tells the client that the front named', {
  skip: missing(),
}, async (t) => {
  const source = `import { Hono } from 'hono'; import { getConnInfo } from '@hono/node-server/conninfo';
    const app = new Hono(); app.get('/', (c) => c.json(getConnInfo(c).remote)); export default app;`;
  const pool = await startPool(t, {
    files: { 'app.mjs': source },
    args: ['app'],
    packages: PACKAGES,
  });
  const told = async (headers = {}): Promise<unknown> =>
    JSON.parse((await pool.ask('/', { headers })).text);
  assert.deepEqual(await told(CLIENT.headers), { address: '192.0.2.1', addressType: 'IPv4' });
  assert.deepEqual(await told({ 'x-forwarded-for': '2001:db8::1' }), {
    address: '2001:db8::1',
    addressType: 'IPv6',
  });
  assert.deepEqual(await told(), {});
});

test('getRequestIP and waitUntil of h3 work as on its own server', {
  skip: missing(),
}, async (t) => {
  const source = `import { H3, getRequestIP } from 'h3'; export default new H3().get('/', (event) => {
    event.waitUntil(new Promise((done) => setTimeout(done, 200)).then(() => console.log('work done')));
    return String(getRequestIP(event)); });`;
  const pool = await startPool(t, {
    files: { 'app.mjs': source },
    args: ['app'],
    packages: PACKAGES,
  });
  assert.equal((await pool.ask('/', CLIENT)).text, '192.0.2.1');
  pool.signal('SIGTERM');
  assert.equal(await pool.exited, 0);
  assert.match(pool.log, /^work done$/m);
});

test("text in Elysia's streams arrives as UTF-8", { skip: missing() }, async (t) => {
  const source = `import { Elysia } from 'elysia'; export default new Elysia()
    .get('/', function* () { yield 'häl'; yield 'lo'; })
    .get('/later', async function* () { yield 'one '; await null; yield 'zwei ✓'; });`;
  const pool = await startPool(t, {
    files: { 'app.mjs': source },
    args: ['app'],
    packages: PACKAGES,
  });
  assert.equal((await pool.ask('/')).text, 'hällo');
  assert.equal((await pool.ask('/later')).text, 'one zwei ✓');
  assert.doesNotMatch(pool.log, /\[ERROR\]/);
});

const LISTENING: Record<string, [file: string, source: string]> = {
  'plain Express': [
    'app.cjs',
    `const app = require('express')(); app.get('/hello', (req, res) => res.send('hello')); app.listen(process.env.PORT || 3000);`,
  ],
  'Express that exports its app besides': [
    'app.cjs',
    `const app = require('express4')(); app.get('/hello', (req, res) => res.send('hello')); app.listen(3000); module.exports = app;`,
  ],
  'the main of NestJS': [
    'app.mjs',
    `import 'reflect-metadata'; import { Module } from '@nestjs/common'; import { NestFactory } from '@nestjs/core';
     class AppModule {} Module({})(AppModule);
     async function bootstrap() { const app = await NestFactory.create(AppModule, { logger: false });
       app.use((req, res) => res.end('hello')); await app.listen(3000); console.log(await app.getUrl()); } bootstrap();`,
  ],
  'Apollo standalone': [
    'app.mjs',
    `import { ApolloServer } from '@apollo/server'; import { startStandaloneServer } from '@apollo/server/standalone';
     const server = new ApolloServer({ typeDefs: 'type Query { word: String }', resolvers: { Query: { word: () => 'hello' } } });
     const { url } = await startStandaloneServer(server, { listen: { port: 4000 } }); console.log(url);`,
  ],
  'Hono by serve()': [
    'app.mjs',
    `import { Hono } from 'hono'; import { serve } from '@hono/node-server';
     const app = new Hono(); app.get('/hello', (c) => c.text('hello')); serve({ fetch: app.fetch, port: 3000 });`,
  ],
  'h3 by serve()': [
    'app.mjs',
    `import { H3, serve } from 'h3'; const app = new H3(); app.get('/hello', () => 'hello'); serve(app, { port: 3000 });`,
  ],
  'Fastify on both addresses of localhost': [
    'app.mjs',
    `import Fastify from 'fastify'; const app = Fastify(); app.get('/hello', async () => 'hello'); await app.listen({ port: 3000 });`,
  ],
  Koa: [
    'app.mjs',
    `import Koa from 'koa'; const app = new Koa(); app.use((ctx) => { ctx.body = 'hello'; }); app.listen(3000);`,
  ],
  hapi: [
    'app.mjs',
    `import Hapi from '@hapi/hapi'; const server = Hapi.server({ port: 3000 });
     server.route({ method: 'GET', path: '/hello', handler: () => 'hello' }); await server.start();`,
  ],
};

for (const [name, [file, source]] of Object.entries(LISTENING)) {
  test(`${name} listens in two workers, and the pool accepts`, { skip: missing() }, async (t) => {
    const args = [file, '--workers', '2'];
    const pool = await startPool(t, { files: { [file]: source }, args, packages: PACKAGES });
    const query = name.startsWith('Apollo');
    const answer = query
      ? await pool.ask('/', {
          method: 'POST',
          body: '{"query":"{ word }"}',
          headers: { 'content-type': 'application/json' },
        })
      : await pool.ask('/hello');
    assert.equal(answer.text.trim(), query ? '{"data":{"word":"hello"}}' : 'hello');
    await pool.sees(/The application listens on/, 2);
    assert.doesNotMatch(pool.log, /\[(WARNING|ERROR)\]/);
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
  });
}
