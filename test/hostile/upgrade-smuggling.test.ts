/** Upgrade does not open a tunnel past the proxy unless the pool has agreed with 101. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient } from '../harness/raw-client.ts';
import { startTiers } from './tiers.ts';

/** As in the documentation of nginx: what the client says of Upgrade goes on. */
const LOCATION = `
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection "upgrade";`;

const H2C = [
  'Connection: Upgrade, HTTP2-Settings',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAAQAAP__',
];
const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];

for (const location of [LOCATION, '']) {
  const how = location === '' ? 'dropped' : 'passed on';
  test(`an Upgrade that the pool does not answer with 101 opens no tunnel, ${how}`, async (t) => {
    const server = 'location /denied { return 403; }';
    const { proxy, pool, passedOn, seenByPool } = await startTiers(t, { location, server });
    const offers = { h2c: H2C, websocket: WEBSOCKET };
    for (const [name, lines] of Object.entries(offers)) {
      const client = await RawClient.connect(proxy.port());
      t.after(() => client.destroy());
      client.send([`GET /${name} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n'));
      assert.equal((await client.response()).status, 200);
      // In a tunnel this would reach the pool; as a request it meets the proxy's own rules.
      client.send('GET /denied HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal((await client.response()).status, 403);
    }
    await proxy.ask('GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await pool.sees(/^SEEN GET \/last /m);
    await proxy.lines('passed.log', (all) => all.some((line) => line.endsWith('/last')));
    assert.deepEqual(seenByPool(), ['GET /h2c', 'GET /websocket', 'GET /last']);
    assert.deepEqual(passedOn(), seenByPool());
  });
}

test('the preface of HTTP/2 without TLS is refused, and what follows is not read', async (t) => {
  const { proxy, settled } = await startTiers(t);
  const client = await RawClient.connect(proxy.port());
  t.after(() => client.destroy());
  client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n');
  const answer = await client.rest();
  assert.match(answer, /^HTTP\/1\.1 (400|405|505) /);
  assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
  assert.deepEqual(await settled(), []);
});
