/** Request lines and heads that two readers could take apart differently, through both tiers. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, assertSameBytes, type Pair, startPair } from '../harness/parity.ts';
import { converse } from '../harness/raw-client.ts';
import { startTiers } from './tiers.ts';

const END = 'Host: a\r\nConnection: close\r\n\r\n';

const REFUSED: readonly string[] = [
  `GET\t/\tHTTP/1.1\r\n${END}`,
  `GET /a\tb HTTP/1.1\r\n${END}`,
  `GET /a b HTTP/1.1\r\n${END}`,
  `GET /a HTTP/1.1 x\r\n${END}`,
  `GET /a\x00b HTTP/1.1\r\n${END}`,
  `GET /a\rb HTTP/1.1\r\n${END}`,
  `GET a HTTP/1.1\r\n${END}`,
  `GET * HTTP/1.1\r\n${END}`,
  `GET a:80 HTTP/1.1\r\n${END}`,
  ` GET / HTTP/1.1\r\n${END}`,
  `get / HTTP/1.1\r\n${END}`,
  `GE(T / HTTP/1.1\r\n${END}`,
  `GET / HTTP/1.\r\n${END}`,
  `GET / http/1.1\r\n${END}`,
  `GET / HTTP /1.1\r\n${END}`,
  `GET / HTTP/1.1\r\nX: a\r\n folded\r\n${END}`,
  `GET / HTTP/1.1\r\n folded: first\r\n${END}`,
  `GET / HTTP/1.1\r\nX : space before colon\r\n${END}`,
  `GET / HTTP/1.1\r\nX: bare\rCR\r\n${END}`,
  `GET / HTTP/1.1\r\nX: nul\x00\r\n${END}`,
];

suite('lines that nobody should guess at', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair('server { listen 127.0.0.1:8080; return 200 "$request_uri\\n"; }');
  });
  after(() => pair?.stop());

  test('are answered as nginx does', async () => {
    for (const each of REFUSED) {
      // RFC 9112 2.2 and 5: nginx reads these two; docs/differences.md.
      if (each.includes('bare\rCR')) continue;
      await assertSame(pair, each);
    }
    await assertSame(pair, `GET   /spaces   HTTP/1.1\r\n${END}`);
    await assertSame(pair, `GET / HTTP/2.0\r\n${END}`);
  });

  test('HTTP/0.9 gets content alone, and nothing after it is read', async () => {
    const bytes = await assertSameBytes(pair, 'GET /old\r\n');
    assert.equal(bytes, '/old\n');
    await assertSameBytes(pair, `GET /old\r\nGET /next HTTP/1.1\r\n${END}`);
    assert.match(await converse(pair.tandem.port(), 'POST /old\r\n'), / 400 Bad Request/);
  });
});

test('none of them reaches the pool, those that are read reach it in one form', async (t) => {
  const { proxy, pool, seenByPool } = await startTiers(t);
  for (const each of REFUSED) {
    assert.match(await converse(proxy.port(), each), /^HTTP\/1\.1 4\d\d /, JSON.stringify(each));
  }
  await converse(proxy.port(), `GET   /spaces   HTTP/1.1\r\n${END}`);
  await converse(proxy.port(), 'GET /old\r\n');
  await pool.sees(/^SEEN GET \/old /m);
  assert.deepEqual(seenByPool(), ['GET /spaces', 'GET /old']);
});
