/** map under Debian's nginx and under ours. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, assertSameJudgement, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';

const HTTP = `
map $arg_v $plain {
  default   "the default";
  a         one;
  B         two;
  ""        empty;
  \\default  "the word default";
  \\~tilde   "a tilde";
  \\\\slash   "a backslash";
  ~^x(.)(.) "x $1$2";
  ~*^y(?<why>.*)$ "y $why";
  ~^(xa)    "never, an earlier one matches";
  host      $host;
  joined    "$host-$arg_w-$2";
  include   more.map;
}
map $host $by_name {
  hostnames;
  example.com      exact;
  .dotted.example  dotted;
  *.example.com    leading;
  *.deep.example.com "leading deeper";
  mail.*           trailing;
  mail.example.*   "trailing longer";
  ~^re[0-9]+\\.     expression;
}
map $arg_v$arg_w $both { ab "a and b"; default none; }
map $plain $chained { one "one became this"; default other; }
map $arg_v $no_default { a yes; }
map $uri $volatile_uri { volatile; ~^/(.*)$ "at $1"; }
map $uri $kept_uri { ~^/(.*)$ "at $1"; }
server {
  listen 127.0.0.1:8080;
  location / { return 200 "$plain|$both|$chained|$no_default|"; }
  location /host { return 200 "$by_name"; }
  location /moved { set $seen "$volatile_uri $kept_uri"; rewrite ^ /after last; }
  location /after { return 200 "$seen|$volatile_uri|$kept_uri"; }
  location ~ ^/(capture)/(.*)$ { return 200 "$plain $1"; }
}
`;

suite('map', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: { 'more.map': 'included "from a file";\n' } });
  });
  after(() => pair.stop());

  const values =
    'a A b B c default ~tilde \\slash xab xabc Xab yes YES host joined included Included';
  for (const value of ['', ...values.split(' '), '%C3%A9']) {
    test(`v=${value}`, async () => {
      await assertSame(pair, get(`/?v=${value}`));
      await assertSame(pair, get(`/?v=${value}&w=b`));
      await assertSame(pair, get(`/capture/x?v=${value}`));
    });
  }

  const hosts =
    'example.com example.com. EXAMPLE.com a.example.com a.deep.example.com deep.example.com ' +
    'dotted.example a.dotted.example mail.test mail.example.test mail.example.com re7.test re.test x';
  for (const host of hosts.split(' ')) {
    test(`Host: ${host}`, async () => {
      await assertSame(pair, get('/host', `Host: ${host}`));
    });
  }

  test('a volatile map is looked up anew, another one once per request', async () => {
    await assertSame(pair, get('/moved'));
  });
});

const JUDGED = [
  'map $uri x { }',
  'map $uri $ { }',
  'map $uri $x { a; }',
  'map $uri $x { a b c; }',
  'map $uri $x { default a; default b; }',
  'map $uri $x { a 1; a 2; }',
  'map $uri $x { a 1; A 2; }',
  'map $uri $x { hostnames; *.a.* 1; }',
  'map $uri $x { hostnames; a*b 1; }',
  'map $uri $x { hostnames; a..b 1; }',
  'map $uri $x { hostnames; .a.b 1; *.a.b 2; }',
  'map $uri $x { hostnames; .a.b 1; a.b 2; }',
  'map $uri $x { ~( 1; }',
  'map $uri $x { a $; }',
  'map $uri $x { a $absent; }',
  'map $absent $x { }',
  'map $uri $host { }',
  'map $uri { }',
  'map $uri $x { include absent.map; }',
  'map $uri $x { a b { } }',
  'map $uri $args { a b; }',
  'server { map $uri $x { } }',
];

suite('configurations of maps', { skip: lacksNginx() }, () => {
  for (const inside of JUDGED) {
    test(inside, () => {
      assertSameJudgement(`${inside}\nserver { listen 127.0.0.1:8080; }`);
    });
  }
});
