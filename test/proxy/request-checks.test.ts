/**
 * What is checked of a request's head, and what variables tell of it. Expectations are those of nginx
 * 1.29 and later, where Debian's 1.22 still lets the request pass.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { get } from '../harness/raw-client.ts';
import { answering, judgeHere, response, type Upstream, upstreamFor } from './upstream-servers.ts';

const configuration = (port: number): string => `
error_log error.log info;
server {
  listen 127.0.0.1:8080;
  location / { return 200 "$host|$is_request_port|$request_port"; }
  location /fields {
    return 200 "$http_user_agent|$http_referer|$http_accept|$http_x|$http_via|$http_cookie|$cookie_b";
  }
  location /up { proxy_pass http://127.0.0.1:${port}; }
}
server {
  listen 127.0.0.1:8081;
  max_headers 3;
  location / { return 200 counted; }
}
server {
  listen 127.0.0.1:8082;
  ignore_invalid_headers off;
  location / { proxy_pass http://127.0.0.1:${port}; }
}
`;

describe('checks of a request head', () => {
  let front: Front;
  let upstream: Upstream;
  const hooks: (() => unknown)[] = [];

  before(async () => {
    const life = { after: (hook: () => unknown) => hooks.push(hook) };
    upstream = await upstreamFor(
      life,
      answering((request) => response(200, request)),
    );
    front = await startProxy(configuration(upstream.port));
    hooks.unshift(() => front.stop());
  });
  after(async () => {
    for (const hook of hooks) await hook();
  });

  const statusOf = async (request: string): Promise<number> => (await front.ask(request)).status;

  test('a Host that is no host and port is refused', async () => {
    const refused = [
      'a:9000:80',
      '1.2.3.4:98777',
      'a:65536',
      'a:http',
      '[::1].',
      'x[::1]:98',
      'a?b',
    ];
    for (const host of refused) assert.equal(await statusOf(get('/', `Host: ${host}`)), 400, host);
    for (const host of ['a:65535', 'a:', 'a:0', 'a_b', '[::1]:80', "a!$&'()*+,;=~%41", 'a.']) {
      assert.equal(await statusOf(get('/', `Host: ${host}`)), 200, host);
    }
    await front.lines('error.log', (lines) =>
      lines.some((line) => line.includes('client sent invalid host header')),
    );
  });

  test('an absolute target and CONNECT are held to the same', async () => {
    const line = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: b\r\n\r\n`;
    assert.equal(await statusOf(line('http://a:65536/')), 400);
    assert.equal(await statusOf(line('http://a:123456/')), 400);
    assert.equal(await statusOf(line('http://a:65535/')), 200);
    await front.lines('error.log', (lines) =>
      lines.some((each) => each.includes('client sent invalid host in request line')),
    );
    const connect = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: b\r\n\r\n`;
    assert.equal(await statusOf(connect('/')), 400);
    assert.equal(await statusOf(connect('http://a/')), 400);
    assert.equal(await statusOf(connect('a:70000')), 400);
    assert.equal(await statusOf(connect('a:443')), 405);
  });

  test('$request_port is the port that the client named', async () => {
    const told = async (request: string): Promise<string> => (await front.ask(request)).content;
    assert.equal(await told(get('/', 'Host: h:8080')), 'h|:|8080');
    assert.equal(await told(get('/', 'Host: [::1]:080')), '[::1]|:|80');
    for (const host of ['h', 'h:', 'h:0'])
      assert.equal(await told(get('/', `Host: ${host}`)), 'h||');
    const absolute = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h:9\r\n\r\n`;
    assert.equal(await told(absolute('http://a:81/')), 'a|:|81');
    assert.equal(await told(absolute('http://a/')), 'a||');
  });

  test('fields that came more than once are one list', async () => {
    const twice = ['User-Agent', 'Referer', 'Accept', 'X', 'Via'].flatMap((name) => [
      `${name}: 1`,
      `${name}: 2`,
    ]);
    const request = get('/fields', ...twice, 'Cookie: a=x,b=2', 'Cookie: c=1');
    const list = Array.from({ length: 5 }, () => '1, 2').join('|');
    // Only a semicolon parts cookies, since 1.23.
    assert.equal((await front.ask(request)).content, `${list}|a=x,b=2; c=1|`);
    const once = get('/fields', 'User-Agent: u', 'Referer: r', 'Cookie: a=1; b=2');
    assert.equal((await front.ask(once)).content, 'u|r||||a=1; b=2|2');
  });

  test('max_headers bounds the fields that count', async () => {
    // `get` sends Host and Connection.
    assert.equal((await front.ask(get('/', 'X: 1'), 8081)).status, 200);
    assert.equal((await front.ask(get('/', 'X: 1', 'X_invalid: 1', 'X.y: 1'), 8081)).status, 200);
    const { status, content } = await front.ask(get('/', 'X: 1', 'Y: 1'), 8081);
    assert.equal(status, 400);
    assert.match(content, /Request Header Or Cookie Too Large/);
    const many = Array.from({ length: 999 }, (_, i) => `X: ${i}`);
    assert.equal(await statusOf(get('/', ...many)), 400);
    assert.equal(await statusOf(get('/', ...many.slice(1))), 200);
    assert.match(
      judgeHere('max_headers 1; max_headers 2;'),
      /"max_headers" directive is duplicate/,
    );
  });

  test('ignore_invalid_headers off passes every field name on', async () => {
    const { content } = await front.ask(get('/', 'x.foo: 1', 'x_foo: 2', 'x!: 3'), 8082);
    assert.match(content, /\r\nx\.foo: 1\r\nx_foo: 2\r\nx!: 3\r\n/);
  });

  test('trailers that must not stand there do no harm', async () => {
    const head =
      'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    const trailers = 'Cookie: a\r\nAuthorization: b\r\nContent-Length: 9\r\nHost: c\r\nX: 1\r\n';
    const { status, content } = await front.ask(`${head}3\r\nabc\r\n0\r\n${trailers}\r\n`);
    assert.equal(status, 200);
    assert.match(content, /\r\nContent-Length: 3\r\n\r\nabc$/);
    assert.doesNotMatch(content, /Cookie|Authorization|X: 1/);
  });

  test('zeros before a length are only zeros', async () => {
    const long = `POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${'0'.repeat(30)}3\r\n\r\nabc`;
    assert.match((await front.ask(long)).content, /\r\n\r\nabc$/);
    const head = 'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunks = `${head}${'0'.repeat(30)}3\r\nabc\r\n${'0'.repeat(30)}\r\n\r\n`;
    assert.match((await front.ask(chunks)).content, /\r\n\r\nabc$/);
  });
});
