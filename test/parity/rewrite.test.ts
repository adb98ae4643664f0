/** rewrite, return, set, if and break under Debian's nginx and under ours. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import {
  assertSame,
  assertSameBytes,
  assertSameJudgement,
  type Pair,
  startPair,
} from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';

const SEEN = `return 200 "$uri|$args|$is_args|$request_uri|$1|$2|$3|";`;

const HTTP = `
types { text/html html; application/json json; }
default_type text/plain;
map $arg_m $mapped { default no; yes yes; }
server {
  listen 127.0.0.1:8080;
  server_name first.example;
  root files;
  rewrite_log on;

  if ($http_x_server) { return 403; }
  if ($http_x_add) { set $added 1; }
  if ($http_x_move) { rewrite ^ /moved/by/server; }
  rewrite ^/server-last/(.*)$ /seen/$1 last;
  rewrite ^/server-gone$ http://other.example/? permanent;

  location /seen { ${SEEN} }
  location /moved { ${SEEN} }
  location = /added { return 200 "added=$added"; }

  location /last/ { rewrite ^/last/(.*)$ /seen/$1 last; return 500; }
  location /break/ { rewrite ^/break/(.*)$ /files/$1 break; return 500; }
  location /files/ { return 500; }
  location /on/ { rewrite ^/on/(.)(.*)$ /seen/$2; rewrite /seen/(.)(.*) /seen/$2/$1/; }
  location /drop/ { rewrite ^/drop/(.*)$ /seen/$1? last; }
  location /args/ { rewrite ^/args/([^/]*)/?(.*)$ /seen?first=$1&second=$2 last; }
  location /args-drop/ { rewrite ^/args-drop/(.*)$ /seen?first=$1? last; }
  location /args-variable/ { set $q "?x"; rewrite ^ /seen$q last; }
  location /twice/ { rewrite ^/twice/(.*)$ /seen/$1?one=1; rewrite ^/seen/(.*)$ /seen/b-$1?two=2 last; }
  location /redirect/ { rewrite ^/redirect/(.*)$ /to/$1 redirect; }
  location /permanent/ { rewrite ^/permanent/(.*)$ /to/$1 permanent; }
  location /absolute/ { rewrite ^/absolute/(.*)$ http://other.example/$1; return 500; }
  location /scheme/ { rewrite ^/scheme/(.*)$ $scheme://other.example/$1?a=b; return 500; }
  location /quoted/ { rewrite ^/quoted/(.*)$ http://other.example/x?y=$1; return 500; }
  location /escapes/ { rewrite ^/escapes/(.*)$ http://other.example/%41%20%zz%4g%3f%2f$1 redirect; }
  location /no-match/ { rewrite ^/(absent) /x; ${SEEN} }
  location /cleared/ { rewrite ^/(cleared)/(.*)$ /cleared2/$2; rewrite ^/absent /x; return 200 "[$1]"; }
  location /cycle { rewrite ^ /cycle last; }
  location ~ ^/captures/(?<first>[^/]+)/(.+)$ { return 200 "$first $1 $2 $uri"; }
  location /use-named/ { if ($uri ~ "/(?<named>[^/]+)$") { } return 200 "named=$named"; }

  location = /r/200 { return 200; }
  location = /r/text { return 200 "hello $host\\n"; }
  location = /r/text.html { return 200 "<p>"; }
  location = /r/text.json { return 200 "{}"; }
  location = /r/201 { return 201 "made"; }
  location = /r/204 { return 204; }
  location = /r/204t { return 204 "text"; }
  location = /r/299 { return 299 "odd"; }
  location = /r/301 { return 301 /there; }
  location = /r/301v { return 301 $scheme://$host$request_uri; }
  location = /r/301none { return 301; }
  location = /r/302 { return 302 http://x.example/y?z; }
  location = /r/303 { return 303 https://x.example/; }
  location = /r/304 { return 304; }
  location = /r/305 { return 305 /x; }
  location = /r/307 { return 307 there; }
  location = /r/308 { return 308 /a//b; }
  location = /r/url { return http://x.example/url$is_args$args; }
  location = /r/scheme { return $scheme://s.example; }
  location = /r/400 { return 400; }
  location = /r/403 { return 403; }
  location = /r/403t { return 403 "no entry"; }
  location = /r/404 { return 404; }
  location = /r/418 { return 418; }
  location = /r/444 { return 444; }
  location = /r/494 { return 494; }
  location = /r/500 { return 500; }
  location = /r/503 { return 503 "later"; }
  location = /r/600 { return 600; }
  location = /r/page { error_page 404 /seen; return 404; }
  location = /r/page-eq { error_page 404 = /r/text; return 404; }
  location = /r/page-named { error_page 418 = @named; return 418; }
  location = /r/page-302 { error_page 403 http://x.example/$uri; return 403; }
  location @named { return 200 "named $uri"; }

  location /if/ {
    set $said "";
    if ($arg_v) { set $said "$said v"; }
    if ($arg_v = yes) { set $said "$said =yes"; }
    if ($arg_v != yes) { set $said "$said !=yes"; }
    if ($arg_v ~ "^(y)(.*)") { set $said "$said ~$1,$2"; }
    if ($arg_v ~* "^(Y)(.*)") { set $said "$said ~*$1,$2"; }
    if ($arg_v !~ ^y) { set $said "$said !~"; }
    if ($arg_v !~* ^Y) { set $said "$said !~*"; }
    if ( $request_method = GET ) { set $said "$said get"; }
    if (-f $document_root/$arg_file) { set $said "$said f"; }
    if (!-f $document_root/$arg_file) { set $said "$said !f"; }
    if (-d $document_root/$arg_file) { set $said "$said d"; }
    if (!-d $document_root/$arg_file) { set $said "$said !d"; }
    if (-e $document_root/$arg_file) { set $said "$said e"; }
    if (!-e $document_root/$arg_file) { set $said "$said !e"; }
    if (-x $document_root/$arg_file) { set $said "$said x"; }
    if (!-x $document_root/$arg_file) { set $said "$said !x"; }
    return 200 "$said";
  }
  location /if-return/ { if ($arg_x = 1) { return 200 "one"; } if ($arg_x = 2) { return 302 /two; } }
  location /if-root/ { if ($arg_x) { root other; } }
  location /if-break/ { if ($arg_x) { break; } return 200 "not broken"; }
  location /if-break-root/ { root other; if ($arg_x) { root files; break; } return 200 "not broken"; }
  location /if-rewrite/ { if ($args ~ "id=(.*)") { rewrite ^ /seen/$1? last; } ${SEEN} }
  location /if-page/ { if ($arg_x) { error_page 404 =200 /r/text; } }
  location /if-header/ { add_header X-Outer 1; if ($arg_x) { add_header X-Inner 2; } return 200 "h"; }
  location ~ ^/alias-if/(.*)$ { alias files/$1; if ($arg_x) { set $y 1; } }

  location /set/ {
    set $a 1; set $b "$a-2"; set $c $b$a; set $empty "";
    return 200 "$a $b $c [$empty] [$unset] $mapped";
  }
  location = /set-unset { set $unset 1; return 200 "$unset"; }
  location /set-args { set $args "new=1"; return 200 "$args|$arg_new|$query_string|$is_args|$request_uri"; }
  location /set-map/ { set $mapped mine; return 200 "$mapped"; }
  location /set-header { set $http_x_set "set"; return 200 "$http_x_set"; }
  location /internal/ { internal; ${SEEN} }
  location /to-internal/ { rewrite ^/to-internal/(.*) /internal/$1 last; }
  location /zero { rewrite ^ $empty_one; set $empty_one ""; }
}
server {
  listen 127.0.0.1:8080;
  server_name ~^(?<sub>.+)\\.wild\\.example$;
  return 200 "sub=$sub 1=$1";
}
server {
  listen 127.0.0.1:8080;
  server_name gone.example;
  return 444;
}
`;

const FILES = {
  'files/if-root/x': 'files',
  'other/if-root/x': 'other',
  'other/if-break-root/x': 'other',
  'files/if-break-root/x': 'files',
  'files/files/a b': 'a file',
  'files/files/a': 'a file',
  'files/if-break/x': 'broken',
  'files/one': 'one',
};

const PATHS = [
  '/server-last/a?b=c',
  '/server-gone?x=1',
  '/added',
  '/last/a/b?c=d',
  '/last/a%20b%2Fc?d=%20',
  '/last/%C3%A9',
  '/break/a',
  '/break/a%20b',
  '/break/missing',
  '/on/abc?q',
  '/drop/a?b=c',
  '/args/a/b?c=d',
  '/args/a%26b/c%20d?e',
  '/args/a+b/c&d?e',
  '/args-drop/a?b=c',
  '/args-variable/?y',
  '/twice/a?b',
  '/redirect/a?b=c',
  '/redirect/a%20b/%3F%25?b=c',
  '/redirect/%E2%82%AC',
  '/permanent/a',
  '/absolute/a?b=c',
  '/absolute/',
  '/scheme/a?c=d',
  '/scheme/a',
  '/quoted/a%26b%2Fc',
  '/quoted/a&b',
  '/escapes/x',
  '/no-match/a',
  '/cleared/a',
  '/cycle',
  '/captures/one/two/three',
  '/use-named/a/b',
  '/r/200',
  '/r/text',
  '/r/text.html',
  '/r/text.json',
  '/r/201',
  '/r/204',
  '/r/204t',
  '/r/299',
  '/r/301',
  '/r/301v?x=y',
  '/r/302',
  '/r/303',
  '/r/304',
  '/r/305',
  '/r/307',
  '/r/308',
  '/r/url?x=1',
  '/r/url',
  '/r/scheme',
  '/r/400',
  '/r/403',
  '/r/403t',
  '/r/404',
  '/r/418',
  '/r/494',
  '/r/500',
  '/r/503',
  '/r/600',
  '/r/page?a=b',
  '/r/page-eq',
  '/r/page-named',
  '/r/page-302',
  '/if/',
  '/if/?v=yes',
  '/if/?v=Yes',
  '/if/?v=no',
  '/if/?v=0',
  '/if/?file=one',
  '/if/?file=if-root',
  '/if/?file=absent',
  '/if-return/?x=1',
  '/if-return/?x=2',
  '/if-return/?x=3',
  '/if-root/x',
  '/if-root/x?x=1',
  '/if-break/x',
  '/if-break/x?x=1',
  '/if-break-root/x',
  '/if-break-root/x?x=1',
  '/if-rewrite/?id=7',
  '/if-rewrite/?di=7',
  '/if-page/?x=1',
  '/if-page/',
  '/if-header/',
  '/if-header/?x=1',
  '/alias-if/one',
  '/alias-if/one?x=1',
  '/set/?m=yes',
  '/set-unset',
  '/set-args?old=1',
  '/set-map/?m=yes',
  '/set-header',
  '/internal/a',
  '/to-internal/a',
];

suite('rewriting', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
  });
  after(() => pair.stop());

  for (const path of PATHS) {
    test(`GET ${path}`, async () => {
      await assertSame(pair, get(path, 'Host: first.example'));
    });
  }

  test('HEAD gets the fields that GET gets', async () => {
    for (const path of ['/r/text', '/r/301', '/r/404', '/r/204']) {
      await assertSame(pair, get(path, 'Host: first.example').replace('GET', 'HEAD'));
    }
  });

  test('POST to a return is answered, its content dropped', async () => {
    const lines = ['Host: first.example', 'Content-Length: 5', 'Connection: close', '', 'hello'];
    await assertSame(pair, `POST /r/text HTTP/1.1\r\n${lines.join('\r\n')}`);
  });

  test('conditions of the server run before its locations', async () => {
    await assertSame(pair, get('/r/text', 'Host: first.example', 'X-Server: 1'));
    await assertSame(pair, get('/r/text', 'Host: first.example', 'X-Move: 1'));
    await assertSame(pair, get('/added', 'Host: first.example', 'X-Add: 1'));
    await assertSame(pair, get('/set-header', 'Host: first.example', 'X-Set: sent'));
  });

  test('captures of a server name reach its directives', async () => {
    await assertSame(pair, get('/', 'Host: a.b.wild.example'));
  });

  test('444 closes the connection without an answer', async () => {
    await assertSameBytes(pair, get('/', 'Host: gone.example'));
    await assertSameBytes(pair, get('/r/444', 'Host: first.example'));
  });

  test('old protocols are answered alike', async () => {
    for (const path of ['/r/text', '/r/301', '/r/307', '/redirect/x', '/r/404']) {
      await assertSame(pair, `GET ${path} HTTP/1.0\r\nHost: first.example\r\n\r\n`);
      await assertSame(pair, `GET ${path} HTTP/1.0\r\n\r\n`);
    }
  });

  test('rewrite_log and unset variables write the same lines', async () => {
    const names = [
      'does not match',
      'matches',
      'rewritten',
      'uninitialized',
      'zero length',
      'cycle',
    ];
    const said = (line: string): boolean => names.some((name) => line.includes(name));
    await assertSame(pair, get('/zero', 'Host: first.example'));
    const [theirs, ours] = await Promise.all(
      [pair.nginx, pair.tandem].map(async (front) => {
        const lines = await front.lines('error.log', (all) =>
          all.some((l) => /zero length/.test(l)),
        );
        return lines
          .filter(said)
          .map((line) => line.replace(/^.{19} (\[\w+\]) \d+#\d+: \*\d+/, '$1'))
          .sort();
      }),
    );
    assert.deepEqual(ours, theirs);
  });
});

/** Insides of a server block that nginx refuses, or warns of. */
const REFUSED = [
  'return abc;',
  'return 1000;',
  'return -1;',
  'return 200 $;',
  'return 200 ${x;',
  'return 200 $nothing;',
  'return http2://x;',
  'return;',
  'return 1 2 3;',
  'rewrite ^ "";',
  'rewrite ^ /x first;',
  'rewrite ^;',
  'rewrite ( /x;',
  'rewrite ^ /$absent;',
  'set a b;',
  'set $uri b;',
  'set $host b;',
  'set $a;',
  'set $a $absent;',
  'set $ b;',
  'break now;',
  'if { }',
  'if () { }',
  'if ( ) { }',
  'if ( { }',
  'if ) { }',
  'if $a { }',
  'if (a) { }',
  'if ($a { }',
  'if ($absent) { }',
  'if ($1) { }',
  'if ($uri =) { }',
  'if ($uri = a b) { }',
  'if ($uri == a) { }',
  'if ($uri ~ "(") { }',
  'if ($uri ~~ a) { }',
  'if (-f) { }',
  'if (-z $uri) { }',
  'if (!-z $uri) { }',
  'if (!f $uri) { }',
  'if (-f $uri b) { }',
  'if ($uri) { root x; }',
  'if ($uri) { if ($args) { } }',
  'location / { if ($uri) { if ($args) { } } }',
  'if ($uri) { location / { } }',
  'location / { if ($uri) { location /a { } } }',
  'location / { if ($uri) { alias x; } }',
  'location / { if ($uri) { allow all; } }',
  'rewrite_log maybe;',
  'uninitialized_variable_warn on; uninitialized_variable_warn on;',
];

suite('configurations of rewriting that are refused', { skip: lacksNginx() }, () => {
  for (const inside of REFUSED) {
    test(inside, () => {
      assertSameJudgement(`server {\n  listen 127.0.0.1:8080;\n  ${inside}\n}`);
    });
  }
});
