/**
 * Gateway interface 2.12: which routes of a framework a target reaches, where the front chooses its
 * location by the path that nginx reads. One pool runs the frameworks of a family.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { normalisePath } from '../../wire/path.ts';
import { startPool } from '../appserver/pool-process.ts';
import { get } from '../harness/raw-client.ts';
import { missing, PACKAGES } from './packages.ts';

/** The example of 2.12. */
const [, GUARD] = /app\.use\((\(req, res, next\) => \{.*?\n\})\);/s.exec(
  readFileSync(new URL('../../docs/gateway-interface.md', import.meta.url), 'utf8'),
)!;

const NODE = `import express5 from 'express'; import express4 from 'express4'; import Fastify from 'fastify';
import Hapi from '@hapi/hapi'; import connect from 'connect'; import polka from 'polka';
const answer = (name) => 'by ' + name;
const apps = {};
for (const [version, express] of Object.entries({ express4, express5, strict: express5, guarded: express5 })) {
  const app = express();
  if (version === 'guarded') app.use(${GUARD});
  if (version === 'strict') app.enable('case sensitive routing').enable('strict routing');
  app.get('/page', (req, res) => res.end('page')); app.get('/by/:name', (req, res) => res.end(answer(req.params.name)));
  app.use('/in', (req, res) => res.end('in')); apps[version] = app;
}
{ const app = connect(); app.use('/in', (req, res) => res.end('in')); app.use('/page', (req, res) => res.end('page')); apps.connect = app; }
{ const app = polka(); app.get('/page', (req, res) => res.end('page')); app.get('/by/:name', (req, res) => res.end(answer(req.params.name))); app.use('/in', (req, res) => res.end('in')); apps.polka = app.handler; }
{ const app = Fastify(); app.get('/page', async () => 'page'); app.get('/by/:name', async (req) => answer(req.params.name)); app.get('/in/*', async () => 'in'); await app.ready(); apps.fastify = (req, res) => app.routing(req, res); }
{ const app = Hapi.server(); app.route({ method: 'GET', path: '/page', handler: () => 'page' }); app.route({ method: 'GET', path: '/by/{name}', handler: (req) => answer(req.params.name) }); app.route({ method: 'GET', path: '/in/{rest*}', handler: () => 'in' }); await app.initialize(); apps.hapi = (req, res) => app.listener.emit('request', req, res); }
export default (req, res) => apps[req.headers['x-app']](req, res);`;

const FETCH = `import { Hono } from 'hono'; import { Elysia } from 'elysia'; import { H3 } from 'h3';
const hono = new Hono().get('/page', (c) => c.text('page')).get('/by/:name', (c) => c.text('by ' + c.req.param('name'))).all('/in/*', (c) => c.text('in'));
const h3 = new H3(); h3.get('/page', () => 'page'); h3.get('/by/:name', (event) => 'by ' + event.context.params.name); h3.all('/in/**', () => 'in');
const elysia = new Elysia().get('/page', () => 'page').get('/by/:name', ({ params }) => 'by ' + params.name).all('/in/*', () => 'in');
const apps = { hono, h3, elysia };
export default { fetch: (request) => apps[request.headers.get('x-app')].fetch(request) };`;

/** What a router makes of targets that a front reads otherwise than `/page` and `/in/x`. */
interface Router {
  /** `/PAGE` is the route `/page`. */
  readonly otherCase: boolean;
  /** `/page/` is the route `/page`. */
  readonly slashAtEnd: boolean;
  /** No target of which the front reads `/x` reaches the routes of `/in`. */
  readonly isHeld: boolean;
}

const ALL_DOTS = ['/in/../x', '/in/%2e%2e/x', '/in//../x'];

/** The table of gateway-interface.md, 2.12. */
const ROUTERS: Readonly<Record<string, Router>> = {
  express4: { otherCase: true, slashAtEnd: true, isHeld: false },
  express5: { otherCase: true, slashAtEnd: true, isHeld: false },
  strict: { otherCase: false, slashAtEnd: false, isHeld: false },
  guarded: { otherCase: true, slashAtEnd: true, isHeld: true },
  connect: { otherCase: true, slashAtEnd: true, isHeld: false },
  polka: { otherCase: false, slashAtEnd: true, isHeld: false },
  fastify: { otherCase: false, slashAtEnd: false, isHeld: false },
  hapi: { otherCase: false, slashAtEnd: false, isHeld: false },
  hono: { otherCase: false, slashAtEnd: false, isHeld: true },
  h3: { otherCase: false, slashAtEnd: true, isHeld: true },
  elysia: { otherCase: false, slashAtEnd: true, isHeld: true },
};

for (const [source, names] of [
  [NODE, ['express4', 'express5', 'strict', 'guarded', 'connect', 'polka', 'fastify', 'hapi']],
  [FETCH, ['hono', 'h3', 'elysia']],
] as const) {
  test(`which targets reach the routes of ${names.join(', ')}`, { skip: missing() }, async (t) => {
    const files = { 'app.mjs': source };
    const pool = await startPool(t, { files, args: ['app'], packages: PACKAGES });
    for (const name of names) {
      const reaches = async (target: string, route: string): Promise<boolean> =>
        (await pool.raw(get(target, `X-App: ${name}`))).endsWith(`\r\n\r\n${route}`);
      assert.ok((await reaches('/page', 'page')) && (await reaches('/in/x', 'in')), name);
      let isHeld = true;
      for (const target of ALL_DOTS) {
        assert.equal(normalisePath(target, true)?.path, '/x');
        if (await reaches(target, 'in')) isHeld = false;
      }
      const otherCase = await reaches('/PAGE', 'page');
      const slashAtEnd = await reaches('/page/', 'page');
      assert.deepEqual({ otherCase, slashAtEnd, isHeld }, ROUTERS[name], name);
      // No router decodes twice, and none takes a backslash, a `;` or an escaped slash for a slash.
      for (const target of ['/%2570age', '/page%2F', '/page;x', '/page\\', '/in%2Fx', '/in\\x']) {
        const isReached = (await reaches(target, 'page')) || (await reaches(target, 'in'));
        assert.equal(isReached, false, `${target} of ${name}`);
      }
      // The slash is one of the value, where the front reads it as one of the path.
      if (name === 'connect') continue;
      const isValue =
        (await reaches('/by/a%2Fb', 'by a/b')) || (await reaches('/by/a%2Fb', 'by a%2Fb'));
      assert.ok(isValue, `a parameter of ${name}`);
    }
  });
}
