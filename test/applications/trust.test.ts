/**
 * The table "Behind the Unix socket" of docs/gateway-interface.md: which setting of a framework lets
 * it see the client that the front names. One pool runs every app of every row.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool } from '../appserver/pool-process.ts';
import { missing, PACKAGES } from './packages.ts';

const APP = `import express5 from 'express'; import express4 from 'express4'; import Fastify from 'fastify';
import Koa from 'koa'; import Hapi from '@hapi/hapi';
import { createApp, eventHandler, getRequestIP, getRequestProtocol, toNodeListener } from 'h3-v1';
import { Hono } from 'hono'; import { getRequestListener } from '@hono/node-server'; import { getConnInfo } from '@hono/node-server/conninfo';
const settings = { none: undefined, true: true, one: 1, loopback: 'loopback', address: '127.0.0.1', all: () => true };
const apps = {};
for (const [version, express] of Object.entries({ express4, express5 })) for (const [name, value] of Object.entries(settings)) {
  const app = express(); if (value !== undefined) app.set('trust proxy', value);
  app.use((req, res) => res.json([req.ip ?? null, req.secure])); apps[version + '-' + name] = app;
}
for (const [name, trustProxy] of Object.entries(settings)) {
  const app = Fastify(trustProxy === undefined ? {} : { trustProxy }); app.get('/*', async (req) => [req.ip ?? null, req.protocol === 'https']);
  await app.ready(); apps['fastify-' + name] = (req, res) => app.routing(req, res);
}
for (const proxy of [false, true]) {
  const app = new Koa({ proxy }); app.use((ctx) => { ctx.body = [ctx.ip || null, ctx.secure]; }); apps[proxy ? 'koa-true' : 'koa-none'] = app.callback();
}
for (const xForwardedFor of [false, true]) {
  const app = createApp(); app.use(eventHandler((event) => [getRequestIP(event, { xForwardedFor }) ?? null, getRequestProtocol(event, { xForwardedProto: xForwardedFor }) === 'https']));
  apps[xForwardedFor ? 'h3-true' : 'h3-none'] = toNodeListener(app);
}
const hapi = Hapi.server(); hapi.route({ method: 'GET', path: '/{any*}', handler: (r) => [r.info.remoteAddress ?? null, r.server.info.protocol === 'https'] });
await hapi.initialize(); apps['hapi-none'] = (req, res) => hapi.listener.emit('request', req, res);
const hono = new Hono(); hono.get('/*', (c) => c.json([getConnInfo(c).remote.address ?? null, c.req.url.startsWith('https:')]));
apps['hono_listener-none'] = getRequestListener(hono.fetch, { overrideGlobalObjects: false });
export default (req, res) => apps[req.url.slice(1)](req, res);`;

const SEEN = ['192.0.2.1', true];
const NOBODY = [null, false];

/** Framework and setting, and what `[address, isSecure]` it tells behind the Unix socket. */
const ROWS: Record<string, readonly (string | boolean | null)[]> = {
  'express4-none': NOBODY,
  'express4-true': SEEN,
  'express4-one': SEEN,
  'express4-loopback': NOBODY,
  'express4-address': NOBODY,
  'express4-all': SEEN,
  'express5-none': NOBODY,
  'express5-true': SEEN,
  'express5-one': SEEN,
  'express5-loopback': NOBODY,
  'express5-address': NOBODY,
  'express5-all': SEEN,
  'fastify-none': NOBODY,
  'fastify-true': SEEN,
  'fastify-one': NOBODY,
  'fastify-loopback': NOBODY,
  'fastify-address': NOBODY,
  'fastify-all': SEEN,
  'koa-none': NOBODY,
  'koa-true': SEEN,
  'h3-none': NOBODY,
  'h3-true': SEEN,
  'hapi-none': NOBODY,
  'hono_listener-none': NOBODY,
};

test('frameworks see the client behind the Unix socket by the settings of the table, and no others', {
  skip: missing(),
}, async (t) => {
  const pool = await startPool(t, { files: { 'app.mjs': APP }, args: ['app'], packages: PACKAGES });
  const headers = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' };
  const told: Record<string, unknown> = {};
  for (const row of Object.keys(ROWS))
    told[row] = JSON.parse((await pool.ask(`/${row}`, { headers })).text);
  assert.deepEqual(told, ROWS);
});

test('in the fetch family the pool has judged: no setting is needed', {
  skip: missing(),
}, async (t) => {
  const source = `import { Hono } from 'hono'; import { getConnInfo } from '@hono/node-server/conninfo';
    const app = new Hono(); app.get('/', (c) => c.json([getConnInfo(c).remote.address, c.req.url])); export default app;`;
  const pool = await startPool(t, {
    files: { 'app.mjs': source },
    args: ['app'],
    packages: PACKAGES,
  });
  const headers = { host: 'h', 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' };
  assert.deepEqual(JSON.parse((await pool.ask('/', { headers })).text), [
    '192.0.2.1',
    'https://h/',
  ]);
});
