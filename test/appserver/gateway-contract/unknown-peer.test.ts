/**
 * A TCP peer that resets before it is accepted has no address any more, while what it sent can still
 * be read. It must not pass for a peer on a Unix socket, whose word is believed.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startPool } from '../pool-process.ts';

const COMMON = `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
function view(path, client) {
  appendFileSync('seen', path + ' ' + client + ';');
  if (path !== '/block') return;
  writeFileSync('blocked', '');
  for (const end = performance.now() + 60_000; performance.now() < end && !existsSync('go'); );
}`;
const GATEWAY = new URL('../../../appserver/gateway.ts', import.meta.url).href;
const APPS = {
  fetch: `${COMMON} export default { fetch(request, gateway) {
    view(new URL(request.url).pathname, gateway.clientAddress); return new Response('x'); } };`,
  '(req, res)': `import { gatewayOf } from '${GATEWAY}'; ${COMMON} export default (req, res) => {
    view(req.url, gatewayOf(req).clientAddress); res.end('x'); };`,
};
const FORGED = 'GET /forged HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n';

for (const [kind, source] of Object.entries(APPS)) {
  test(`a peer that can't be named is never believed by a ${kind} application`, async (t) => {
    const args = ['app', '-b', '127.0.0.1:0', '-b', 'unix:app.sock'];
    const pool = await startPool(t, { files: { 'app.mjs': source }, args });
    const port = await pool.tcpPort();
    const file = (name: string): string => join(pool.folder, name);
    const blocking = pool.ask('/block');
    while (!existsSync(file('blocked'))) await pause(5);
    // The worker stands still: these are neither accepted nor read before the last reset.
    for (let count = 0; count < 5; count += 1) {
      const client = connect(port, '127.0.0.1');
      await once(client, 'connect');
      await new Promise((resolve) => client.write(FORGED, resolve));
      client.resetAndDestroy();
    }
    writeFileSync(file('go'), '');
    await blocking;
    await pool.ask('/last', { port, host: '127.0.0.1' });
    assert.equal(readFileSync(file('seen'), 'utf8'), '/block ;/last 127.0.0.1;');
  });
}
