/** Where try_files, error_page, index, rewrite and return lead, with texts of all kinds, under both. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';

const FILES = Object.fromEntries(
  [
    ...['html/a', 'html/index.html', 'html/d/index.html', 'html/d/x', 'html/d/404', 'html/e/y'],
    ...['html/srv/p', 'html/x y/z', 'srv/p', 'srv/d/q'],
  ].map((name) => [name, name]),
);

/** Each is a location of its name. */
const PLACES: Readonly<Record<string, string>> = {
  root: 'try_files / =404;',
  rootv: 'try_files $uri / =404;',
  rooth: 'try_files /d/ /a;',
  empty: 'try_files $arg_none /a;',
  emptyd: 'try_files $arg_none/ /a;',
  emptyq: 'try_files "" /a;',
  code2: 'try_files /none =204;',
  rel: 'try_files a /d/x;',
  relv: 'try_files $arg_f /d/x;',
  named: 'try_files /none @nope;',
  last: 'try_files /none a;',
  lastv: 'try_files /none $arg_f;',
  lastq: 'try_files /none ?x;',
  lastq2: 'try_files /none "/echo?$args&b";',
  laste: 'try_files /none "/echo?";',
  lastf: 'try_files /none "/echo#x?y";',
  lastp: 'try_files /none "/echo%20x";',
  dots: 'try_files /none /d/../echo;',
  dots2: 'try_files /../html/a =404;',
  dotsv: 'try_files /$arg_f =404;',
  ep: 'error_page 404 /$arg_f; return 404;',
  ep2: 'error_page 404 $arg_f; return 404;',
  ep3: 'error_page 404 = $arg_f; return 404;',
  ep4: 'error_page 404 @$arg_f; return 404;',
  ep5: 'error_page 404 /echo?a=b; return 404;',
  ep6: 'error_page 404 "/echo%20?a?b"; return 404;',
  ep7: 'error_page 404 =200 /echo$request_uri; return 404;',
  ep8: 'error_page 404 =302 /x$uri; return 404;',
  ep9: 'error_page 404 "http://h/$uri?$args"; return 404;',
  ix: 'index $arg_f;',
  rw1: 'rewrite ^ $arg_f last;',
  rw2: 'rewrite ^ $arg_f break;',
  rw3: 'rewrite ^ $arg_f redirect;',
  rw4: 'rewrite ^ echo last;',
  rw5: 'rewrite ^ $arg_none last;',
  rw6: 'rewrite ^ /echo?$arg_f? last;',
  rw7: 'rewrite ^ /echo?? last;',
  rw8: 'rewrite ^ ? last;',
  rw9: 'rewrite ^ /echo?a?b last;',
  rw10: 'rewrite ^ /d/../echo last;',
  rw11: 'rewrite ^ /d/../a break;',
  rw12: 'rewrite ^ /echo/$is_args$args? last;',
  rw13: 'rewrite ^(.*)$ $1x/../a break;',
  rw14: 'rewrite ^ //echo last;',
  rw15: 'rewrite ^ /echo%20x%3f last;',
  rw16: 'rewrite ^ /echo%20x%3f redirect;',
  rw17: 'rewrite ^ https://$host/%20$uri permanent;',
  rw18: 'rewrite ^ $scheme://h$request_uri;',
  rw19: 'rewrite ^ httpx://h$uri;',
  rw20: 'rewrite ^ http://h/?a=$uri&;',
  rw21: 'rewrite ^ /echo;',
  rw22: 'rewrite ^ /echo; rewrite ^/echo$ /echo2?q=1; ',
  rw23: 'rewrite ^/(?<w>\\w+)/(.*) /echo/$w/$2?w=$w;',
  rw24: 'if ($uri ~ (x)) { set $args z=$1; } rewrite ^ /echo$uri last;',
  ra: 'return 301 $uri;',
  rb: 'return 301 /x$request_uri;',
  rc: 'return 301 "/a b<>\\"";',
  rd: 'return 307 //h/x;',
  re: 'return 308 ?a;',
  rg: 'return 302 x;',
  rh: 'return 302 $scheme://$host$uri;',
};

/** An empty redirect has no Location here: see differences.md. */
const NEEDS_TARGET: ReadonlySet<string> = new Set(['ep2', 'ep3', 'rw3']);

const TAILS = [
  ...['', '/', '/a', '/x%20y', '/d', '/%3Fq%23f?x=1', '/?f=/d/x', '/?f=index.html', '?'],
  ...['?f=a', '?f=d/x', '?f=/echo', '?f=/echo%3Fz', '?f=../srv/p', '?f=../html/a', '?f=echo'],
  ...['?f=nope', '?f=@echo', '?f=//echo', '?f=%00', '?f=http://h/'],
];

const HTTP = `
server {
  listen 127.0.0.1:8080; root html; absolute_redirect off;
  add_header X-File "$uri|$args|$request_filename" always;
  ${Object.entries(PLACES)
    .map(([name, text]) => `location /${name} { ${text} }`)
    .join('\n')}
  location /echo { return 200 "$uri|$args|$request_uri|$request_filename"; }
  location @echo { return 200 named; }
  location / { }
}
server {
  listen 127.0.0.1:8081; root html; port_in_redirect off;
  try_files /a =404;
  location /d { }
  location /e { try_files $uri $uri/ =418; location /e/y { } }
}
server {
  listen 127.0.0.1:8082; root html; port_in_redirect off;
  try_files $uri /a; rewrite ^/z /d/x;
}`;

suite('redirects inside a server', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
  });
  after(() => pair?.stop());

  for (const [name, text] of Object.entries(PLACES)) {
    test(text, async () => {
      for (const tail of TAILS) {
        if (NEEDS_TARGET.has(name) && !tail.includes('f=')) continue;
        await assertSame(pair, get(`/${name}${tail}`));
      }
    });
  }

  test('try_files of a server', async () => {
    for (const path of ['/', '/a', '/d', '/d/', '/d/x', '/e', '/e/', '/e/y', '/e/n', '/z', '/n']) {
      for (const port of [8081, 8082]) await assertSame(pair, get(path), port);
    }
  });
});
