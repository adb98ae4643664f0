/** A client names fields in Connection so that they, or what the proxy adds, get lost on the way. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startTiers, type Tiers } from './tiers.ts';

const LOCATION = `
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;`;

async function headersFor(tiers: Tiers, ...lines: string[]): Promise<Map<string, string>> {
  const head = ['GET / HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n');
  const { status, content } = await tiers.proxy.ask(head);
  assert.equal(status, 200, content);
  return new Map(JSON.parse(content).headers);
}

test('Connection is no tool in the hands of a client', async (t: TestContext) => {
  const tiers = await startTiers(t, { location: LOCATION });
  await t.test('Connection takes nothing away that the proxy or the application stands on', () =>
    nothingIsTaken(tiers),
  );
  await t.test(
    'fields of the connection stay with it; others that it names pass, as in nginx',
    () => ownFieldsStay(tiers),
  );
  await t.test('a content framed by a length stays framed where Connection names the length', () =>
    lengthStays(tiers),
  );
});

async function nothingIsTaken(tiers: Tiers): Promise<void> {
  const names = [
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Real-IP',
    'Host',
    'Cookie',
    'Authorization',
    'Content-Length',
    'Transfer-Encoding',
  ];
  for (const name of names) {
    const given = ['Cookie: a=b', 'Authorization: Basic eDp5', 'X-Forwarded-For: 10.0.0.1'];
    const headers = await headersFor(tiers, `Connection: close, ${name}`, ...given);
    assert.equal(headers.get('host'), 'a', name);
    assert.equal(headers.get('x-forwarded-for'), '10.0.0.1, 127.0.0.1', name);
    assert.equal(headers.get('x-forwarded-proto'), 'http', name);
    assert.equal(headers.get('x-real-ip'), '127.0.0.1', name);
    assert.equal(headers.get('cookie'), 'a=b', name);
    assert.equal(headers.get('authorization'), 'Basic eDp5', name);
    assert.equal(headers.has('connection'), false, name);
  }
}

async function ownFieldsStay(tiers: Tiers): Promise<void> {
  const own = ['Keep-Alive: 300', 'TE: trailers', 'Upgrade: h2c'];
  const headers = await headersFor(tiers, 'Connection: close, X-Hop', 'X-Hop: 1', ...own);
  for (const name of ['keep-alive', 'te', 'upgrade', 'connection']) {
    assert.equal(headers.has(name), false, name);
  }
  // Had the client the power to remove fields, it could remove those of a front before this one.
  assert.equal(headers.get('x-hop'), '1');
}

async function lengthStays(tiers: Tiers): Promise<void> {
  const head = ['POST / HTTP/1.1', 'Host: a', 'Connection: close, Content-Length'];
  const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
  const text = [...head, `Content-Length: ${hidden.length}`, '', hidden].join('\r\n');
  const { content } = await tiers.proxy.ask(text);
  assert.equal(JSON.parse(content).content, hidden);
  assert.deepEqual(
    (await tiers.settled()).filter((line) => line.includes('hidden')),
    [],
  );
}
