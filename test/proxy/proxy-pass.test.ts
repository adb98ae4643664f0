import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field, get } from '../harness/raw-client.ts';
import { answering, judgeHere, proxyFor, response, upstreamFor } from './upstream-servers.ts';

/** An upstream that answers with the request it got. */
const echo = answering((request) => response(200, request));

/** The request line that an upstream got. */
function line(answer: { content: string }): string {
  return answer.content.slice(0, answer.content.indexOf('\r\n'));
}

test('the URI of proxy_pass replaces the part that the location matched', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const to = `http://127.0.0.1:${upstream.port}`;
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080;
      location / { proxy_pass ${to}; }
      location /a/ { proxy_pass ${to}/; }
      location /b/ { proxy_pass ${to}/x; }
      location /q/ { proxy_pass ${to}?k=v; }
      location = /exact { proxy_pass ${to}/other; }
      location ~ ^/re/ { proxy_pass ${to}; }
    }`,
  );
  const cases: readonly (readonly [string, string])[] = [
    ['/p//q/../r?x=1&y', '/p//q/../r?x=1&y'],
    ['/a/b%20c/%2Fd?x', '/b%20c/d?x'],
    ['/a/b%3Fc', '/b%3Fc'],
    ['/a/%C3%A9', '/%C3%A9'],
    ['/b/c', '/xc'],
    ['/q/c', '/?k=vc'],
    ['/exact?a', '/other?a'],
    ['/re/a%41', '/re/a%41'],
    ['http://localhost/abs?1', '/abs?1'],
  ];
  for (const [sent, expected] of cases) {
    assert.equal(line(await front.ask(get(sent))), `GET ${expected} HTTP/1.1`, sent);
  }
});

test('a location with a final slash redirects requests without it', async (t) => {
  const front = await proxyFor(
    t,
    'server { listen 127.0.0.1:8080; location /app/ { proxy_pass http://127.0.0.1:1; } }',
  );
  const answer = await front.ask(get('/app?x'));
  assert.equal(answer.status, 301);
  assert.equal(field(answer, 'location'), `http://localhost:${front.port()}/app/?x`);
});

test('a Unix socket is named with its URI after a colon, and is called localhost', async (t) => {
  const front = await proxyFor(
    t,
    `upstream app { server unix:app.sock; }
    server { listen 127.0.0.1:8080;
      location / { proxy_pass http://unix:app.sock; }
      location /u/ { proxy_pass http://unix:app.sock:/v/; }
      location /g/ { proxy_pass http://app; }
    }`,
  );
  await upstreamFor(t, echo, `${front.folder}/app.sock`);
  assert.match((await front.ask(get('/a'))).content, /^GET \/a HTTP\/1\.1\r\nHost: localhost\r\n/);
  assert.equal(line(await front.ask(get('/u/a'))), 'GET /v/a HTTP/1.1');
  assert.match((await front.ask(get('/g/a'))).content, /^GET \/g\/a HTTP\/1\.1\r\nHost: app\r\n/);
});

test('variables may make the address and the whole URI', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080;
      location /arg { proxy_pass http://$arg_to; }
      location /uri { proxy_pass http://app$uri?n=1; }
    }`,
  );
  const direct = await front.ask(get(`/arg?to=127.0.0.1:${upstream.port}`));
  assert.equal(line(direct), `GET /arg?to=127.0.0.1:${upstream.port} HTTP/1.1`);
  assert.match(direct.content, new RegExp(`^Host: 127.0.0.1:${upstream.port}\r$`, 'm'));
  assert.match((await front.ask(get('/arg?to=app'))).content, /^Host: app\r$/m);
  assert.equal((await front.ask(get('/arg?to=nobody.invalid'))).status, 502);
  assert.equal((await front.ask(get('/arg?to='))).status, 500);
  await front.says('error.log', /no resolver defined to resolve nobody\.invalid/);
  await front.says('error.log', /no host in upstream ""/);
  // A decoded line feed must not end the request line.
  const split = await front.ask(get('/uri/%0d%0aX-Evil:%201'));
  assert.equal(line(split), 'GET /uri/%0D%0AX-Evil:%201?n=1 HTTP/1.1');
});

test('what cannot be passed to is refused in nginx words', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['location / { proxy_pass app; }', 'invalid URL prefix in nginx.conf:1'],
    ['location / { proxy_pass http://; }', 'no host in upstream "" in nginx.conf:1'],
    [
      'location / { proxy_pass http://a:99999; }',
      'invalid port in upstream "a:99999" in nginx.conf:1',
    ],
    [
      'location / { proxy_pass http://127.0.0.1; proxy_pass http://127.0.0.1; }',
      '"proxy_pass" directive is duplicate in nginx.conf:1',
    ],
    [
      'location ~ a { proxy_pass http://127.0.0.1/; }',
      '"proxy_pass" cannot have URI part in location given by regular expression, or inside named location, or inside "if" statement, or inside "limit_except" block in nginx.conf:1',
    ],
    [
      'location / { proxy_pass https://127.0.0.1/; }',
      '"proxy_pass" to https is not supported by Tandem in nginx.conf:1',
    ],
    [
      'location / { proxy_redirect default; }',
      '"proxy_redirect default" should be placed after the "proxy_pass" directive in nginx.conf:1',
    ],
    [
      'location / { proxy_pass http://no-such-host.invalid; }',
      'host not found in upstream "no-such-host.invalid" in nginx.conf:1',
    ],
    [
      'location / { proxy_pass http://127.0.0.1; proxy_cache one; }',
      'directive "proxy_cache" is not supported by Tandem, except "off" in nginx.conf:1',
    ],
    [
      'location / { proxy_buffers 1 4k; }',
      'there must be at least 2 "proxy_buffers" in nginx.conf:1',
    ],
  ];
  for (const [text, message] of cases) {
    assert.equal(judgeHere(`server { listen 127.0.0.1:8080; ${text} }`), message, text);
  }
});
