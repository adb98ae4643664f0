/** What rewrites and if blocks mean for proxy_pass, under Debian's nginx and under ours. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';

const HTTP = `
server {
  listen 127.0.0.1:8081;
  return 200 "$request_method $request_uri|$http_x_one|$http_x_two";
}
server {
  listen 127.0.0.1:8080;
  location /plain/ { rewrite ^/plain/(.*)$ /new/$1 break; proxy_pass http://127.0.0.1:8081; }
  location /with-uri/ { rewrite ^/with-uri/(.*)$ /new/$1 break; proxy_pass http://127.0.0.1:8081/base/; }
  location /no-match/ { rewrite ^/absent /x break; proxy_pass http://127.0.0.1:8081/base/; }
  location /args/ { rewrite ^/args/(.*)$ /new?path=$1 break; proxy_pass http://127.0.0.1:8081; }
  location /drop/ { rewrite ^/drop/(.*)$ /new/$1? break; proxy_pass http://127.0.0.1:8081; }
  location /set-args/ { set $args a=b; proxy_pass http://127.0.0.1:8081; }
  location /variable/ { set $to "/chosen"; proxy_pass http://127.0.0.1:8081$to; }
  location /variable-uri/ { proxy_pass http://127.0.0.1:8081$uri$is_args$args; }
  location ~ ^/captured/(?<id>.*)$ { proxy_pass http://127.0.0.1:8081/id/$id/$1; }
  location /if/ {
    proxy_set_header X-One outer;
    if ($arg_x) { set $y 1; }
    proxy_pass http://127.0.0.1:8081;
  }
  location /if-uri/ {
    if ($arg_x) { set $y 1; }
    proxy_pass http://127.0.0.1:8081/base/;
  }
  location /if-pass/ {
    if ($arg_x) { proxy_pass http://127.0.0.1:8081; }
    return 200 "not passed";
  }
  location /if-pass-break/ {
    if ($arg_x) { proxy_pass http://127.0.0.1:8081; break; }
    return 200 "not passed";
  }
  location /if-rewrite/ {
    if ($arg_x) { rewrite ^/if-rewrite/(.*)$ /new/$1 break; }
    proxy_pass http://127.0.0.1:8081/base/;
  }
  location /last/ { rewrite ^/last/(.*)$ /if/$1 last; }
  location /named/ { error_page 418 = @pass; return 418; }
  location @pass { proxy_pass http://127.0.0.1:8081; }
}
`;

const PATHS = [
  '/plain/a',
  '/plain/a%20b?c=d',
  '/plain/%2Fa%3Fb',
  '/with-uri/a',
  '/with-uri/a%20b?c=d',
  '/no-match/a%20b?c',
  '/args/a%26b?c=d',
  '/drop/a?b=c',
  '/set-args/a%20b?c=d',
  '/variable/a?b',
  '/variable-uri/a?b',
  '/captured/seven?b',
  '/if/a%20b?c=d',
  '/if/a%20b?x=1',
  '/if-uri/a?c=d',
  '/if-uri/a?x=1',
  '/if-pass/a',
  '/if-pass/a?x=1',
  '/if-pass-break/a',
  '/if-pass-break/a?x=1',
  '/if-rewrite/a%20b',
  '/if-rewrite/a%20b?x=1',
  '/last/a%20b?c=d',
  '/last/a%20b?x=1',
  '/named/a%20b?c=d',
];

suite('rewriting before proxy_pass', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP);
  });
  after(() => pair.stop());

  for (const path of PATHS) {
    test(`GET ${path}`, async () => {
      await assertSame(pair, get(path));
    });
  }
});
