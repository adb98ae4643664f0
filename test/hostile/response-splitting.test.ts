/** No value that a client or an application chooses adds a line to a response, or to a request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProxy } from '../harness/proxy.ts';
import { converse } from '../harness/raw-client.ts';
import { startTiers } from './tiers.ts';

/** Line ends as a client can send them where a configuration decodes them. */
const BREAKS = ['%0d%0a', '%0a', '%0d', '%0D%0AX-Split:%201%0d%0a%0d%0a', '%00'];

function request(target: string, ...lines: string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: a', ...lines, 'Connection: close', '', ''].join('\r\n');
}

/** Asserts that the bytes are one response and that no line of it begins with X-Split. */
function assertWhole(bytes: string, what: string): void {
  assert.doesNotMatch(bytes, /[\r\n]X-Split/i, what);
  const head = bytes.slice(0, bytes.indexOf('\r\n\r\n'));
  assert.match(head, /^HTTP\/1\.1 \d{3} /, what);
  assert.doesNotMatch(head.replaceAll('\r\n', ''), /[\r\n\0]/, what);
  assert.equal(bytes.match(/^HTTP\/1\./gm)?.length, 1, what);
}

test('decoded line ends in variables stay inside their field', async (t) => {
  const front = await startProxy(`
    map $uri $mapped { default m$uri; }
    server {
      listen 127.0.0.1:8080;
      location /redirect { return 302 http://a.test$uri; }
      location /code { return 301 $uri; }
      location /rewrite { rewrite ^/rewrite(.*)$ http://a.test/$1 redirect; }
      location /named { rewrite ^/named(?<rest>.*)$ /added break; add_header X-Rest "x$rest" always; return 200 ok; }
      location /add { add_header X-Uri "x$uri" always; add_header X-Map $mapped always; return 200 ok; }
      location /type { default_type "text/plain$uri"; return 200 ok; }
      location /page { error_page 404 http://a.test$uri; return 404; }
      location /answer { error_page 404 =302 http://a.test$uri; return 404; }
      location /expires { expires 1h; add_header Cache-Control "x$uri"; return 200 ok; }
      location /set { set $copy "c$uri"; add_header X-Copy $copy always; return 404; }
    }`);
  t.after(() => front.stop());
  for (const place of [
    'redirect',
    'code',
    'rewrite',
    'named',
    'add',
    'type',
    'set',
    'page',
    'answer',
    'expires',
  ]) {
    for (const text of BREAKS) {
      const target = `/${place}/${text}X-Split:1`;
      assertWhole(await converse(front.port(), request(target)), target);
    }
  }
});

test('decoded line ends in what is passed on stay inside the request', async (t) => {
  const { proxy, pool, seenByPool } = await startTiers(t, {
    server: `
      location /field { proxy_pass http://app; proxy_set_header X-Uri "x$uri"; }
      location /line { proxy_pass http://app/x$uri; }
      location /moved/ { proxy_pass http://app/elsewhere/; }
      location /rewritten { rewrite ^/rewritten(.*)$ /r$1 break; proxy_pass http://app; }`,
  });
  const hidden = '%20HTTP/1.1%0d%0aX-Split:%201%0d%0a%0d%0aGET%20/hidden%20HTTP/1.1%0d%0aHost:%20a';
  let asked = 0;
  for (const place of ['field', 'line', 'moved', 'rewritten']) {
    for (const text of [...BREAKS, hidden]) {
      const answer = await proxy.ask(request(`/${place}/${text}X-Split:1`));
      if (answer.status !== 200) continue;
      asked++;
      const { headers } = JSON.parse(answer.content);
      const names = headers.map(([name]: [string]) => name);
      assert.ok(!names.includes('x-split'), `${place} ${text}`);
    }
  }
  assert.ok(asked > 0);
  await proxy.ask(request('/last'));
  await pool.sees(/^SEEN GET \/last /m);
  assert.equal(seenByPool().length, asked + 1);
  assert.deepEqual(
    seenByPool().filter((line) => line.includes('GET /hidden')),
    [],
  );
});

/** A fetch application cannot make such a value by itself: Headers throws. */
const FETCH = `export default {
  fetch(request) {
    const value = decodeURIComponent(new URL(request.url).search.slice(1));
    return new Response('ok', { headers: { 'X-App': value } });
  },
};`;

const NODE = `export default (req, res) => {
  const value = decodeURIComponent(req.url.slice(req.url.indexOf('?') + 1));
  res.setHeader('X-App', value);
  res.end('ok');
};`;

for (const [kind, app] of [
  ['fetch', FETCH],
  ['(req, res)', NODE],
] as const) {
  test(`a ${kind} application that puts what it is given into a field splits nothing`, async (t) => {
    const { proxy, pool } = await startTiers(t, { app });
    for (const text of BREAKS) {
      for (const target of [proxy.port(), pool.socketPath]) {
        const bytes = await converse(target, request(`/?a${text}X-Split:1`));
        assertWhole(bytes, text);
        assert.match(bytes, /^HTTP\/1\.1 500 /, text);
      }
    }
  });
}
