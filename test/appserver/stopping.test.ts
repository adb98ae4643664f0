/** gateway.stopping: docs/gateway-interface.md 6.5. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool } from './pool-process.ts';

/** Notes the stop of each copy once by startup's signal, and once by that of a request. */
const FETCH = `
let known;
export function startup(worker) {
  known = worker.stopping;
  console.error('app: start of ' + worker.age);
  known.addEventListener('abort', () => console.error('app: stop of ' + worker.age + ' by ' + known.reason.name));
}
export default { fetch(request, gateway) {
  const isSame = gateway.stopping === known && gateway.worker.stopping === known;
  return Response.json({ isSame, isAborted: known.aborted });
} };`;

const NODE = `
import { createServer } from 'node:http';
import { gatewayOf } from '${new URL('../../appserver/gateway.ts', import.meta.url).href}';
${FETCH.slice(0, FETCH.indexOf('export default'))}
export default (req, res) => {
  const gateway = gatewayOf(req);
  const isSame = gateway.stopping === known && gateway.worker.stopping === known;
  res.end(JSON.stringify({ isSame, isAborted: known.aborted }));
};`;

for (const [family, source] of Object.entries({ fetch: FETCH, node: NODE })) {
  test(`a ${family} application has one signal per copy, which a stop aborts`, async (t) => {
    const pool = await startPool(t, {
      files: { 'app.mjs': source },
      args: ['app', '--threads', '2'],
    });
    const told = JSON.parse((await pool.ask('/')).text);
    assert.deepEqual(told, { isSame: true, isAborted: false });
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
    assert.equal([...pool.log.matchAll(/app: stop of 1 by AbortError/g)].length, 2, pool.log);
  });
}

test('a reload, a worker less and max_requests are stops of the worker that goes', async (t) => {
  const pool = await startPool(t, {
    files: { 'app.mjs': FETCH },
    args: ['app', '--workers', '2', '--max-requests', '3'],
  });
  // One that is told to leave before it has begun has nothing to stop.
  await pool.sees(/app: start of [12]\n/, 2);
  pool.signal('SIGTTOU');
  await pool.sees(/app: stop of [12] /);
  pool.signal('SIGHUP');
  await pool.sees(/app: stop of /, 2);
  assert.doesNotMatch(pool.log, /app: stop of 3 /);
  for (let asked = 0; asked < 3; asked += 1) await pool.ask('/');
  await pool.sees(/app: stop of 3 /);
});

test('INT and QUIT abort it too', async (t) => {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const pool = await startPool(t, { files: { 'app.mjs': FETCH }, args: ['app'] });
    pool.signal(signal);
    await pool.exited;
    assert.match(pool.log, /app: stop of 1 /);
  }
});
