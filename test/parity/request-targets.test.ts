/** Request-targets of all forms: what is read of them and what an upstream is sent, under both. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSameBytes, type Pair, startPair } from '../harness/parity.ts';
import { answering, response, upstreamFor } from '../proxy/upstream-servers.ts';

const TARGETS = [
  'http://h',
  'http://h/',
  'http://h?a',
  'http://h?a#b',
  'http://h?',
  'http://h#a',
  'http://h/a?b#c',
  'HTTP://H/a',
  'http://h:80/a',
  'http://h:/a',
  'http://h//a//b',
  'http://h/../a',
  'http://h/a/../b',
  'http://h/%61?%61',
  'http://h/a|b',
  'http://h?a|b',
  'http://h?%',
  'http://h/x/a|b',
  'http:///a',
  'http:/a',
  'ftp://h/a',
  'a+b://h/a',
  'h1://h/a',
  '/x/a%7cb',
  '/a#b',
  '/#',
  '/#?a',
  '/a?#',
  '/?',
  '/??',
  '/a??b',
  '/a?b?c',
  '/;a',
  '/a;b?c;d',
  '/*',
  '*',
  'a',
  '',
  '/%',
  '/a%',
  '/a?%',
  '/%0',
  '/%00',
  '/%01',
  '/a%0ab',
  '/a b',
  '/a%20b',
  '/./',
  '/.',
  '/..',
  '/a/..',
  '/a/...',
  '/a/. ',
  '/a//',
  '//',
  '///',
  '/%2f',
  '/%2f%2f',
  '/a%2f..%2fb',
  '/a\\..\\b',
  '/a%5c..',
  '/~',
  '/a+b',
  '/a%2bb',
  '/\x80',
  '/\xff%ff',
  '/a\tb',
  '/a\x7fb',
  '/a\x01b',
  '/a?\x01',
  '/a"b',
  '/{a}',
  '/[a]',
  'http://h/a b',
  'http://[::1]/a',
  'http://[::1]?a',
  'http://h:99/a',
  'http://h:x/a',
  'http://u@h/a',
  'http://h_/a',
  'http://h./a',
  '//h/a',
  '/\\h',
  '/x/..a/b',
  '/x/.a',
  '/x/a.',
  '/x/a./b',
  '/x/a../b',
];

const PLACES: readonly (readonly [port: number, place: string])[] = [
  [8080, 'return 200 "$uri|$args|$request_uri|$host|$is_args|$document_uri";'],
  [8081, 'proxy_pass UP;'],
  [8082, 'proxy_pass UP/b/;'],
  [8083, 'set $args $args; proxy_pass UP;'],
  [8084, 'proxy_pass UP$request_uri;'],
  [8085, 'rewrite ^/x/(.*) /y/$1 break; proxy_pass UP;'],
];

suite('request-targets', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];
  before(async () => {
    const upstream = await upstreamFor(
      { after: (hook) => hooks.push(hook) },
      answering((request) => response(200, request.split(' HTTP/1.', 1)[0]!)),
    );
    const up = `http://127.0.0.1:${upstream.port}`;
    const servers = PLACES.map(
      ([port, text]) => `server { listen 127.0.0.1:${port}; location / { ${text} } }`,
    );
    pair = await startPair(servers.join('\n').replaceAll('UP', up));
  });
  after(async () => {
    await pair?.stop();
    for (const hook of hooks) await hook();
  });

  for (const [port, text] of PLACES) {
    test(text, async () => {
      for (const target of TARGETS) {
        const request = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
        await assertSameBytes(pair, request, port);
      }
    });
  }
});
