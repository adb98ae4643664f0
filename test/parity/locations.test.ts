/** Which location and which server answer, under both. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { ask, assertAlike, get } from './alike.ts';

const HTTP = `
server {
  listen 127.0.0.1:8080; server_name localhost; root files;
  location "/sp ace/" { return 200 sp; }
  location /%20x { return 200 enc; }
  location /\u00e9/ { return 200 e; }
  location ~ "^/re space" { return 200 re; }
  location ~ \\.(gif|jpg)$ { return 200 "img $1"; }
  location ~* \\.(GIF|PNG)$ { return 200 "img2 $1"; }
  location ~ ^/(?<first>[b-d]+)/(.*)$ { return 200 "$first-$2"; }
  location ^~ /static/ { return 200 st; location ~ \\.txt$ { return 200 st-txt; } }
  location = / { return 200 root; }
  location / { return 200 any; }
  location =/glued { return 200 glued; }
  location ^~/glued/ { return 200 glued-prefix; }
  location ~*\\.PHP$ { return 200 glued-regex; }
  location /a { return 200 a;
    location /ab { return 200 ab; location ~ c$ { return 200 abc; } }
    location = /a { return 200 a-exact; } }
  location ~ ^/a/.*\\.txt$ { return 200 a-txt; }
  location /A { return 200 A; }
  location @one { return 200 first; }
  location @one { return 200 second; }
  location /to { error_page 404 = @one; try_files /nope =404; }
  location /sat { satisfy any; allow 127.0.0.1; deny all; return 200 sat;
    location /sat/no { deny all; try_files /nope /any; }
    location /sat/all { satisfy all; deny all; try_files /nope /any; } }
  location /disable { keepalive_disable safari msie6; return 200 x; }
  location /never { keepalive_timeout 0; return 200 x; }
  location /told { keepalive_timeout 10 5; return 200 x; }
  location /once { keepalive_requests 1; return 200 x; }
  location /aliased/ { alias $arg_d; }
  location /rooted/ { root "$arg_d"; }
}
server {
  listen 127.0.0.1:8082;
  server_name a.test *.b.test c.* .d.test ~^(?<sub>\\w+)\\.e\\.test$ ~^f(\\d)\\. f1.test;
  return 200 "1 $server_name $sub $1";
}
server { listen 127.0.0.1:8082 default_server; server_name _; return 200 "default $server_name"; }
server { listen 127.0.0.1:8082; server_name *.x.b.test www.b.test; return 200 3; }
server { listen 127.0.0.1:8082; server_name c.d.*; server_name_in_redirect on; return 301 /4; }
server { listen 127.0.0.1:8082; server_name ""; return 200 "5 $server_name|$host"; }
server { listen 127.0.0.1:8083; server_name ~^(?<who>[a-z]+)\\.u\\.test$; return 200 "alone $who $1"; }
`;

suite('locations and servers', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: { 'files/ten.txt': '0123456789' } });
  });
  after(() => pair.stop());

  test('locations are chosen alike', async () => {
    const paths = [
      '/',
      '/x',
      '/sp%20ace/x',
      '/%20x',
      '/%2520x',
      '/%C3%A9/x',
      '/%E9/',
      '/re%20space',
    ];
    paths.push(
      '/i.gif',
      '/i.GIF',
      '/i.png',
      '/i.PnG',
      '/static/i.gif',
      '/static/x.txt',
      '/b/c',
      '/d/',
    );
    paths.push(
      '/glued',
      '/glued/',
      '/glued/x.gif',
      '/x.php',
      '/a',
      '/a/',
      '/a/x.txt',
      '/a/y',
      '/abc',
    );
    paths.push(
      '/ab/x',
      '/ab',
      '/A/x',
      '/to',
      '/sat/x',
      '/sat/no',
      '/sat/all',
      '/static',
      '//a',
      '/a?x',
    );
    paths.push('/aliased/x?d=/nonexistent', '/rooted/ten.txt?d=/nonexistent', '/a/%2e%2e/static/x');
    for (const path of paths) await assertAlike(pair, get(path));
  });

  test('servers are chosen alike by host', async () => {
    const hosts = ['a.test', 'A.TEST', 'a.test.', 'a.test:99', 'x.b.test', 'b.test', 'y.x.b.test'];
    hosts.push(
      'x.x.b.test',
      'www.b.test',
      'c.foo',
      'c.d.e',
      'c',
      'd.test',
      'z.d.test',
      'hi.e.test',
    );
    hosts.push(
      'a.b.e.test',
      'f1.z',
      'f1.test',
      'f11.z',
      'unknown',
      '',
      '_',
      '127.0.0.1',
      'C.',
      '[::1]',
    );
    for (const host of hosts) await assertAlike(pair, get('/', `Host: ${host}`), 8082);
    await assertAlike(pair, 'GET / HTTP/1.0\r\n\r\n', 8082);
    await assertAlike(pair, ask('GET http://c.d.e/ HTTP/1.1'), 8082);
    for (const host of ['bob.u.test', 'BOB.U.test', 'x1.u.test', '']) {
      await assertAlike(pair, get('/', `Host: ${host}`), 8083);
    }
  });

  test('connections are kept alike', async () => {
    const safari =
      'User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/15.1 Safari/605.1';
    const kept = 'Connection: keep-alive';
    const last = get('/x');
    for (const path of ['/disable', '/never', '/told', '/once', '/missing.gif', '/%00']) {
      await assertAlike(pair, ask(`GET ${path} HTTP/1.1`, kept) + last);
    }
    await assertAlike(pair, ask('GET /disable HTTP/1.1', kept, safari) + last);
    for (const version of [6, 7]) {
      const agent = `User-Agent: Mozilla/4.0 (compatible; MSIE ${version}.0; Windows)`;
      await assertAlike(
        pair,
        `${ask('POST /x HTTP/1.1', 'Content-Length: 1', kept, agent)}x${last}`,
      );
    }
    await assertAlike(pair, `GET /x HTTP/1.0\r\n${kept}\r\n\r\nGET /x HTTP/1.0\r\n\r\n`);
  });
});
