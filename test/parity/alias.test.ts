/** Which file an alias gives in nested locations, to try_files, index, errors and redirects, under both. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';

const FILES = Object.fromEntries(
  [
    'srv/secret.txt',
    'srv/p.txt',
    'srv/a.css',
    'srv/a.css.gz',
    'srv/index.html',
    'srv/page.html',
    'srv/404.html',
    'srv/pub/p.txt',
    'srv/pub/a.css',
    'srv/pub/index.html',
    'srv/pub/deep/d.txt',
    'srv/empty/.keep',
    'srv/sp ace/x?y.txt',
    'srv/sp ace/index.html',
    'other/p.txt',
    'other/secret.txt',
    'other/pub/p.txt',
    'html/d/pub/p.txt',
    'html/d/p.txt',
    'html/d/secret.txt',
    'html/r/p.txt',
    'html/x.html',
    'srv.txt',
    'srvp.txt',
    'secret.txt',
  ].map((name) => [name, name]),
);

/** In each, `X-File` tells the file that nginx would take. */
const HTTP = `
log_format refused "$status $uri $request_filename";
server {
  listen 127.0.0.1:8080; root html; port_in_redirect off; absolute_redirect off;
  add_header X-File "$request_filename|$document_root" always;
  location /d/ { alias srv/; location /d/pub/ { expires 1h; location /d/pub/deep/ { expires 2h; } } }
  location /denied/ { alias srv/; deny all; location /denied/pub/ { allow all; } }
  location /css/ { alias srv/; location ~* \\.css$ { expires 30d; } location ~ ^/css/(.*)\\.txt$ { expires 1d; } }
  location /exact/ { alias srv/; location = /exact/p.txt { expires 1d; } location = /exact/ { expires 2d; } }
  location /stop/ { alias srv/; location ^~ /stop/pub/ { expires 1d; } location ~ p { expires 2d; } }
  location /back/ { alias srv/; location /back/pub/ { root html; } location /back/sub/ { alias other/; } }
  location /again/ { alias srv/; location /again/pub/ { alias other/pub/; location ~ txt$ { expires 1d; } } }
  location /root/ { root html; location /root/pub/ { alias srv/pub/; location /root/pub/deep/ { root html; } } }
  location /no-slash { alias srv; location /no-slash/pub { expires 1d; } location ~ css$ { expires 2d; } }
  location /long-name/ { alias srv/; location ~ ^/long-name/(?<f>.*)$ { try_files $f $uri =404; } }
  location /try/ { alias srv/; try_files $uri $uri.html $uri/ =404; location /try/pub/ { try_files $uri /try/pub/p.txt; } }
  location /try-dir/ { alias srv/; location /try-dir/pub/ { try_files $uri $uri/ /d/p.txt; } }
  location /try-args/ { alias srv/; try_files $uri /d/p.txt?$args; }
  location /try-own/ { alias srv/; try_files $uri /try-own/p.txt$is_args$args; }
  location /try-static/ { alias srv/; try_files pub/p.txt =404; }
  location /try-regex/ { alias srv/; location ~ ^/try-regex/(.*)\\.x$ { try_files /$1.txt $1.txt =404; } }
  location /if/ { alias srv/; if ($arg_x) { expires 1d; } }
  location /if-root/ { alias srv/; if ($arg_x) { root html; } }
  location /if-nested/ { alias srv/; location /if-nested/pub/ { if ($arg_x) { expires 1d; } } }
  location /error/ { alias srv/; error_page 404 /error/404.html; location /error/pub/ { error_page 404 /error/p.txt; } }
  location /named/ { alias srv/; error_page 404 = @named; location /named/pub/ { expires 1h; } }
  location @named { return 200 "named $uri $request_filename"; }
  location /rewritten/ { alias srv/; rewrite ^/rewritten/(.*)\\.moved$ /rewritten/$1 break; rewrite ^/rewritten/gone/(.*)$ /d/$1 last; }
  location /rewritten-try/ { alias srv/; rewrite ^/rewritten-try/(.*)\\.moved$ /x/$1 break; try_files $uri =404; }
  location /rewritten-if/ { alias srv/; if ($arg_x) { rewrite ^/rewritten-if/(.*)$ /d/$1 break; } }
  location /variable/ { alias $arg_d/; location /variable/pub/ { expires 1d; } location ~ css$ { expires 2d; } }
  location /variable-part/ { alias srv/$arg_d; location /variable-part/pub/ { expires 1d; } }
  location ~ ^/regex/(.*)$ { alias srv/$1; }
  location ~ ^/regex-index/(.*)$ { alias srv/$1; index page.html p.txt; }
  location ~ ^/regex-plain/ { alias srv/p.txt; }
  location ~ ^/regex-try/(.*)$ { alias srv/; try_files $1 $1/ p.txt =404; }
  location ~ ^/regex-try-uri/(.*)$ { alias srv; try_files /$1 $uri =404; }
  location ~ ^/regex-nested/(.*)$ { alias srv/$1; location ~ \\.(css|txt)$ { expires 1d; } location ~ /(p)\\. { alias srv/$1.txt; } }
  location ~ ^/regex-root/(.*)$ { root srv/$1; location ~ \\.txt$ { alias srv/secret.txt; } }
  location ~ ^/regex-error/(.*)$ { alias srv/$1; error_page 404 /d/404.html; }
  location ~ ^/regex-last/(.*)$ { alias srv/; try_files $1 /regex-last/p.txt; }
  location /gz/ { alias srv/; gzip_static on; location ~ css$ { expires 1d; } }
  location /index/ { alias srv/; index none $arg_i index.html; location /index/pub/ { index p.txt; } }
  location /index-own/ { alias srv/; index /d/p.txt; }
  location = /one { alias srv/p.txt; }
  location = /one/ { alias srv/; index p.txt; }
  location /two.txt { alias srv/p.txt; }
  location "/sp ace/" { alias "srv/sp ace/"; location ~ txt$ { expires 1d; } }
  location /slash { alias srv/; }
  location /to-d { try_files /none /d$uri; }
  location /try-root { try_files $uri $uri/ =404; }
}
server {
  listen 127.0.0.1:8081; root html; port_in_redirect off;
  rewrite ^/broken/(.*)$ /d/$1 break;
  rewrite ^/changed/(.*)$ /d/$1;
  location /d/ { alias srv/; }
  location / { return 200 other; }
}`;

/** Each with all of TAILS behind it. */
const NAMES =
  'd denied css exact stop back again root no-slash long-name try try-dir try-args try-own try-static ' +
  'try-regex if if-root if-nested error named rewritten rewritten-try rewritten-if regex regex-index ' +
  'regex-plain regex-try regex-try-uri regex-nested regex-root regex-error regex-last gz index index-own ' +
  'one slash to-d try-root variable variable-part';

const TAILS = [
  '',
  '/',
  '/p.txt',
  '/p.x',
  '/secret.txt',
  '/a.css',
  '/page',
  '/none',
  '/none.txt',
  '/none/x',
  '/pub',
  '/pub/',
  '/pub/p.txt',
  '/pub/p.x',
  '/pub/secret.txt',
  '/pub/a.css',
  '/pub/none',
  '/pub/deep',
  '/pub/deep/',
  '/pub/deep/d.txt',
  '/sub/p.txt',
  '/sub/secret.txt',
  '/empty',
  '/empty/',
  '/sp%20ace',
  '/sp%20ace/',
  '/sp%20ace/x%3Fy.txt',
  '/p.txt.moved',
  '/gone/p.txt',
  '/pub/../secret.txt',
  '/pub..',
  '../secret.txt',
  '..',
  'p.txt',
  '.txt',
  '/p.txt?x=1&d=srv&i=p.txt',
  '/?x=1&d=srv&i=p.txt',
  '/pub?x=1&d=srv',
  '/pub/?x=1&d=other&i=none',
  '/pub/p.txt?x=1&d=srv',
  '/none?x=1&d=srv',
];

suite('alias', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
  });
  after(() => pair?.stop());

  for (const name of NAMES.split(' ')) {
    test(`/${name}`, async () => {
      for (const tail of TAILS) await assertSame(pair, get(`/${name}${tail}`));
    });
  }

  test('a file that Accept-Encoding asks for', async () => {
    for (const path of ['/gz/a.css', '/gz/p.txt', '/gz/pub/a.css']) {
      const request = get(path, 'Accept-Encoding: gzip');
      const [theirs, ours] = await Promise.all(
        [pair.nginx, pair.tandem].map(async (front) => {
          const { status, content, fields } = await front.ask(request);
          // Since 1.29 nginx answers ranges of packed files too, and says so in Accept-Ranges.
          const names = fields.map(([name]) => name).filter((name) => name !== 'Accept-Ranges');
          return { status, content: status === 200 ? content : '', names: names.sort() };
        }),
      );
      assert.deepEqual(ours, theirs, path);
    }
  });

  test('an alias that a rewrite took the name from is an alert and 500', async () => {
    const seen = await assertSame(pair, get('/broken/p.txt'), 8081);
    assert.equal(seen.status, 500);
    const text = '"alias" cannot be used in location "/d/" where URI was rewritten';
    for (const front of [pair.nginx, pair.tandem]) {
      await front.lines('error.log', (lines) => lines.some((line) => line.includes(text)));
    }
    await assertSame(pair, get('/changed/p.txt'), 8081);
    await assertSame(pair, get('/broken/'), 8081);
  });
});
