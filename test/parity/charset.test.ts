/** `charset`, `charset_types`, `source_charset`, `override_charset`, under both. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, assertSameJudgement, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';

const HTTP = `
types { text/html html; text/plain txt; text/css css; application/javascript js; text/xml xml; image/gif gif; }
default_type text/plain;
map $arg_c $mapped { default utf-8; off off; none ""; latin ISO-8859-1; }
log_format charset '$uri $sent_http_content_type $upstream_cache_status $ssl_protocol';
server {
  listen 127.0.0.1:8081;
  location /typed/ { default_type "text/html; charset=Latin-2"; return 200 typed; }
  location /quoted/ { default_type 'text/html; charset="UTF-8"'; return 200 typed; }
  location /params/ { default_type "text/html; a=b"; return 200 typed; }
  location /both/ { default_type "text/html; a=b; charset=utf-8"; return 200 typed; }
  location /moved/ { return 302 /elsewhere; }
  location /gone/ { return 410; }
  location /plain/ { default_type text/plain; return 200 plain; }
  location /empty/ { return 204; }
  location /packed/ { default_type text/html; add_header Content-Encoding x; return 200 packed; }
}
server {
  listen 127.0.0.1:8080; root files; charset utf-8; access_log access.log charset;
  location /upper/ { alias files/; charset UTF-8; }
  location /off/ { alias files/; charset off; }
  location /types/ { alias files/; charset_types text/css image/gif; }
  location /all/ { alias files/; charset_types *; }
  location /mapped/ { alias files/; charset $mapped; }
  location /same/ { alias files/; source_charset UTF-8; }
  location /if/ { alias files/; if ($arg_latin) { charset ISO-8859-1; } }
  location /zip/ { alias files/; gzip on; gzip_min_length 1; gzip_types text/plain; }
  location /static/ { alias files/; gzip_static on; }
  location /return/ { return 200 text; }
  location /r301/ { return 301 /x; }
  location /r302/ { return 302 /x; }
  location /r303/ { return 303 /x; }
  location /r307/ { return 307 /x; }
  location /deny/ { deny all; }
  location /page/ { error_page 404 /page.html; }
  location /named/ { error_page 404 =200 @named; return 404; }
  location @named { default_type text/html; return 200 named; }
  location /sub { charset koi8-r; default_type text/html; return 200 sub; }
  location /up/ { proxy_pass http://127.0.0.1:8081/; }
  location /override/ { override_charset on; proxy_pass http://127.0.0.1:8081/; }
}`;

const FILES = {
  'files/page.html': '<p>hello</p>',
  'files/ten.txt': '0123456789',
  'files/style.css': 'a{}',
  'files/script.js': 'var a;',
  'files/feed.xml': '<a/>',
  'files/ten.txt.gz': 'not really packed',
  'files/x.gif': 'GIF89a',
};

suite('charset', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
  });
  after(() => pair.stop());

  test('names the set of a reply by its media type', async () => {
    for (const folder of ['/', '/upper/', '/off/', '/types/', '/all/', '/same/']) {
      for (const name of Object.keys(FILES)) {
        await assertSame(pair, get(name.replace('files/', folder)));
      }
    }
    const { fields } = await assertSame(pair, get('/ten.txt'));
    assert.ok(fields.includes('Content-Type: text/plain; charset=utf-8'), String(fields));
  });

  test('is worth what its variable says', async () => {
    for (const query of ['', '?c=none', '?c=latin', '?c=off']) {
      await assertSame(pair, get(`/mapped/ten.txt${query}`));
    }
    for (const query of ['', '?latin=1']) await assertSame(pair, get(`/if/ten.txt${query}`));
  });

  test('holds for text, errors and error pages, and not for two redirects', async () => {
    for (const path of ['return/', 'r301/', 'r302/', 'r303/', 'r307/', 'deny/', 'none', 'sub']) {
      await assertSame(pair, get(`/${path}`));
    }
    for (const path of ['page/none', 'named/x']) await assertSame(pair, get(`/${path}`));
    await assertSame(pair, 'POST /page.html HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    await assertSame(pair, 'nonsense\r\n\r\n');
  });

  test('goes with ranges, conditions, HEAD and gzip', async () => {
    for (const field of [
      'Range: bytes=1-3',
      'Range: bytes=1-2,4-5',
      'Range: bytes=99-',
      'If-Modified-Since: Tue, 01 Jan 2041 00:00:00 GMT',
    ]) {
      await assertSame(pair, get('/ten.txt', field));
    }
    await assertSame(pair, 'HEAD /ten.txt HTTP/1.1\r\nHost: a\r\n\r\n');
    for (const path of ['/zip/ten.txt', '/zip/page.html', '/zip/x.gif', '/static/ten.txt']) {
      const [theirs, ours] = await Promise.all(
        [pair.nginx, pair.tandem].map((front) => front.ask(get(path, 'Accept-Encoding: gzip'))),
      );
      for (const name of ['Content-Type', 'Content-Encoding']) {
        assert.equal(fieldOf(ours!.fields, name), fieldOf(theirs!.fields, name), path);
      }
    }
  });

  test('leaves what an upstream said, unless it is to be overridden', async () => {
    for (const folder of ['up', 'override']) {
      for (const path of ['typed', 'quoted', 'params', 'both', 'moved', 'gone', 'plain', 'empty']) {
        await assertSame(pair, get(`/${folder}/${path}/`));
      }
      await assertSame(pair, get(`/${folder}/packed/`));
    }
  });

  test('is judged as nginx judges it', () => {
    for (const http of [
      'charset utf-8; charset utf-8;',
      'charset;',
      'charset a b;',
      'charset off; source_charset x;',
      'charset utf-8; source_charset koi8-r; server { }',
      'server { location / { charset utf-8; source_charset koi8-r; } }',
      'charset utf-8; source_charset UTF-8; server { }',
      'charset $nope; server { }',
      'charset_types text/css text/css; server { }',
      'charset_types * text/css; server { }',
      'override_charset maybe;',
      'server { if ($arg_a) { charset utf-8; } }',
      'server { location / { if ($arg_a) { charset utf-8; } } }',
    ]) {
      assertSameJudgement(http);
    }
  });

  test('variables of parts that are not in use are empty', async () => {
    await assertSame(pair, get('/log/'));
    for (const front of [pair.nginx, pair.tandem]) {
      const lines = await front.lines('access.log', (all) =>
        all.some((line) => line.startsWith('/log/')),
      );
      const line = lines.find((each) => each.startsWith('/log/'));
      assert.equal(line, '/log/ text/html; charset=utf-8 - -');
    }
  });
});

function fieldOf(fields: readonly (readonly [string, string])[], name: string): string | undefined {
  return fields.find(([each]) => each === name)?.[1];
}
