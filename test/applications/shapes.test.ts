/** Each framework's application, as its documentation writes it, answers in the pool. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPool } from '../appserver/pool-process.ts';
import { missing, PACKAGES } from './packages.ts';

const LISTENER = `function listener(req, res) {
  if (req.url === '/echo') req.pipe(res);
  else res.end('hello');
}`;
const EXPRESS = (
  name: string,
): string => `import express from '${name}'; import { createServer } from 'node:http';
  const app = express(); app.get('/hello', (req, res) => res.send('hello'));
  app.post('/echo', (req, res) => req.pipe(res));`;
const NEST = `import 'reflect-metadata';
  import { Module } from '@nestjs/common'; import { NestFactory } from '@nestjs/core';
  class AppModule { onApplicationShutdown() { console.log('nest closed'); } onModuleDestroy() { console.log('nest destroyed'); } }
  Module({})(AppModule);`;
const FASTIFY = `import Fastify from 'fastify';
  const app = Fastify(); app.get('/hello', async () => 'hello');
  app.addContentTypeParser('*', (req, payload, done) => done(null, payload));
  app.post('/echo', (req, reply) => reply.send(req.body));
  app.addHook('onClose', async () => console.log('fastify closed'));`;
const HAPI = `import Hapi from '@hapi/hapi';
  const server = Hapi.server({ port: 3000, host: 'localhost' });
  server.route({ method: 'GET', path: '/hello', handler: () => 'hello' });
  server.route({ method: 'POST', path: '/echo', options: { payload: { output: 'data', parse: false } }, handler: (r) => r.payload });
  server.ext('onPostStart', () => console.log('onPostStart')); server.events.on('start', () => console.log('start event'));
  server.ext('onPostStop', () => console.log('onPostStop'));`;
const H3_1 = `import { createApp, createRouter, eventHandler, readRawBody, toNodeListener } from 'h3';
  const router = createRouter().get('/hello', eventHandler(() => 'hello')).post('/echo', eventHandler((event) => readRawBody(event)));
  const app = createApp(); app.use(router);`;

interface App {
  readonly source: string;
  readonly name?: string;
  /** Said on the log by the time it has ended. */
  readonly says?: readonly RegExp[];
}

const APPS: Record<string, App> = {
  'Express 5': { source: `${EXPRESS('express')} export default app;` },
  'Express 5 in an http.Server': {
    source: `${EXPRESS('express')} export const server = createServer(app); server.on('close', () => console.log('server closed'));`,
    says: [/^server closed$/m],
  },
  'Express 4': { source: `${EXPRESS('express4')} export { app };` },
  'Express 4 in an http.Server': {
    source: `${EXPRESS('express4')} export const server = createServer(app);`,
  },
  'Express, as module.exports of several': {
    name: 'app.cjs',
    source: `const express = require('express'); const app = express();
      app.get('/hello', (req, res) => res.send('hello')); app.post('/echo', (req, res) => req.pipe(res));
      module.exports = { config: { port: 3000 }, app };`,
  },
  connect: {
    source: `import connect from 'connect'; ${LISTENER} const app = connect(); app.use(listener); export default app;`,
  },
  Koa: {
    source: `import Koa from 'koa'; const app = new Koa();
      app.use((ctx) => { ctx.body = ctx.path === '/echo' ? ctx.req : 'hello'; }); export default app;`,
  },
  polka: {
    source: `import polka from 'polka'; ${LISTENER} const app = polka(); app.get('/hello', listener); app.post('/echo', listener); export default app;`,
  },
  Fastify: { source: `${FASTIFY} export default app;`, says: [/^fastify closed$/m] },
  hapi: {
    source: `${HAPI} export { server };`,
    says: [/^onPostStart$/m, /^start event$/m, /^onPostStop$/m],
  },
  'hapi that starts itself': {
    source: `${HAPI} (async () => { await server.start(); })(); export { server };`,
    says: [/^onPostStart$/m, /^start event$/m],
  },
  restify: {
    // It imports spdy, which no Node since 24 can load, and uses it for HTTP/2 alone.
    source: `import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => url.includes('/spdy/')
        ? { format: 'commonjs', source: '', shortCircuit: true } : next(url, context) });
      const { default: restify } = await import('restify'); const server = restify.createServer();
      server.get('/hello', (req, res, next) => { res.sendRaw('hello'); next(); });
      server.post('/echo', (req, res, next) => { req.pipe(res); next(); }); export default server;`,
  },
  'NestJS on Express': {
    source: `${NEST} export async function create() {
      const app = await NestFactory.create(AppModule, { logger: false, bodyParser: false });
      app.use((req, res) => req.url === '/echo' ? req.pipe(res) : res.end('hello')); return app; }`,
    name: 'app.mjs:create()',
    says: [/^nest destroyed$/m, /^nest closed$/m],
  },
  'NestJS on Fastify': {
    source: `${NEST} import { FastifyAdapter } from '@nestjs/platform-fastify';
      const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
      const fastify = app.getHttpAdapter().getInstance(); fastify.get('/hello', async () => 'hello');
      fastify.addContentTypeParser('*', (req, payload, done) => done(null, payload));
      fastify.post('/echo', (req, reply) => reply.send(req.body)); export default app;`,
    says: [/^nest closed$/m],
  },
  "NestJS's http.Server": {
    source: `${NEST} const app = await NestFactory.create(AppModule, { logger: false, bodyParser: false });
      app.use((req, res) => req.url === '/echo' ? req.pipe(res) : res.end('hello'));
      await app.init(); export const server = app.getHttpServer();`,
  },
  'h3 1': { source: `${H3_1} export default app;` },
  'h3 1 as a listener': { source: `${H3_1} export const listener = toNodeListener(app);` },
  'h3 2': {
    source: `import { H3 } from 'h3'; const app = new H3();
      app.get('/hello', () => 'hello').post('/echo', (event) => event.req.text()); export default app;`,
  },
  'h3 2 as a listener of node:http': {
    source: `import { H3, toNodeHandler } from 'h3'; const app = new H3();
      app.get('/hello', () => 'hello').post('/echo', (event) => event.req.text()); export const handler = toNodeHandler(app);`,
  },
  Hono: {
    source: `import { Hono } from 'hono'; const app = new Hono(); app.get('/hello', (c) => c.text('hello'));
      app.post('/echo', async (c) => c.body(await c.req.text())); export default app;`,
  },
  'Hono as a listener of node:http': {
    source: `import { Hono } from 'hono'; import { getRequestListener } from '@hono/node-server';
      const app = new Hono(); app.get('/hello', (c) => c.text('hello'));
      app.post('/echo', async (c) => c.body(await c.req.text())); export default getRequestListener(app.fetch);`,
  },
  Elysia: {
    source: `import { Elysia } from 'elysia'; const app = new Elysia().get('/hello', () => 'hello')
      .post('/echo', ({ body }) => body); export default app;`,
  },
  'srvx, which listens when it is made': {
    source: `import { serve } from 'srvx'; export const server = serve({ port: 3000,
      fetch: async (request) => new Response(request.method === 'POST' ? await request.text() : 'hello') });`,
  },
  'ws beside Express, in an http.Server': {
    source: `${EXPRESS('express')} import { WebSocketServer } from 'ws';
      export const server = createServer(app); new WebSocketServer({ server }).on('connection', (socket) => socket.send('hi'));`,
  },
};

for (const [name, { source, name: target = 'app.mjs', says = [] }] of Object.entries(APPS)) {
  test(`${name} answers, keeps the pool's limits and ends in order`, {
    skip: missing(),
  }, async (t) => {
    const file = target.split(':')[0]!;
    const pool = await startPool(t, {
      files: { [file]: source },
      args: [target, '--limit-request-field_size', '65536', '--keep-alive', '60'],
      packages: name.startsWith('h3 1') ? { h3: join(PACKAGES, 'h3-v1') } : PACKAGES,
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const hello = await pool.ask('/hello', { agent });
    assert.deepEqual([hello.status, hello.text], [200, 'hello']);
    assert.equal(hello.headers.connection, 'keep-alive');
    const headers = { 'content-type': 'text/plain' };
    const echo = await pool.ask('/echo', { agent, method: 'POST', body: 'word', headers });
    assert.deepEqual([echo.status, echo.text], [200, 'word']);
    // More than node:http takes by itself, and more than the pool was told to.
    const long = await pool.ask('/hello', { headers: { 'x-long': 'a'.repeat(24_000) } });
    assert.equal(long.status, 200);
    const longer = await pool.ask('/hello', { headers: { 'x-long': 'a'.repeat(66_000) } });
    assert.equal(longer.status, 431);
    if (name.startsWith('ws ')) await receivesMessage(pool.socketPath);
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
    for (const words of says) assert.match(pool.log, words);
    assert.doesNotMatch(pool.log, /\[ERROR\]/);
  });
}

async function receivesMessage(socketPath: string): Promise<void> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`ws+unix:${socketPath}:/`);
  const [message] = await once(socket, 'message');
  assert.equal(String(message), 'hi');
  socket.terminate();
}
