/** `error_page` in all its forms, `try_files`, `index` and `internal`, under both. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { ask, assertAlike, get, sameTimes } from './alike.ts';

const HTTP = `
types { text/html html; text/plain txt; }
lingering_timeout 100ms;
server {
  listen 127.0.0.1:8080; server_name localhost; root files;
  error_page 404 /404.html;
  error_page 403 =200 /403.html;
  error_page 405 =303 http://localhost/x;
  error_page 412 @named;
  error_page 413 /413.html;
  error_page 400 414 501 505 /400.html;
  error_page 494 /494.html;
  location @named { root files/named; try_files $uri /named.html =410; }

  location /p1/ { error_page 404 =200 /ten.txt; }
  location /p2/ { error_page 404 =301 /ten.txt; }
  location /p3/ { error_page 404 = /ten.txt; }
  location /p4/ { error_page 404 =302 http://localhost:8080/go?u=$uri; }
  location /p5/ { error_page 404 http://localhost:8080/go; }
  location /p6/ { error_page 404 =500 http://localhost:8080/go; }
  location /p7/ { error_page 404 /nonexistent.html; }
  location /p8/ { recursive_error_pages on; error_page 404 /p9/x; }
  location /p9/ { recursive_error_pages on; error_page 404 /ten.txt; }
  location /p10/ { recursive_error_pages on; error_page 404 /p10/y; }
  location /p11/ { error_page 404 /$uri/../ten.txt; }
  location /p12/ { error_page 404 /p12x?a=b$args; }
  location /p13/ { error_page 404 @nosuch; }
  location /p14/ { error_page 404 =444 /ten.txt; }
  location /p15/ { error_page 404 =204 /ten.txt; }
  location /p16/ { error_page 404 =304 /ten.txt; }
  location /p17/ { error_page 404 =416 /ten.txt; }
  location /p18/ { error_page 404 rel; }
  location /p19/ { error_page 404 =200 @named; }
  location /p20/ { error_page 404 =405 @named; }
  location /p21/ { error_page 404 =307 /folder; }
  location /p22/ { error_page 404 =200 /folder; }
  location /p23/ { error_page 404 /folder; }
  location /p24/ { error_page 404 =999 /ten.txt; }
  location /p25/ { error_page 404 /folder/; }
  location /p26/ { error_page 404 =0 /ten.txt; }
  location /p27 { return 404; error_page 404 /ten.txt; }
  location /p28 { return 403 "said"; error_page 403 /ten.txt; }
  location /p29 { return 503; error_page 503 @maintenance; }
  location @maintenance { return 503 "closed $uri"; }
  location /p30 { error_page 404 = @back; }
  location @back { return 200 "back $uri $request_uri"; }
  location /p31 { deny all; error_page 403 /ten.txt; }
  location /p32 { deny all; error_page 403 =302 /ten.txt; }
  location /only/ { internal; location /only/nested/ { } }
  location /through { error_page 404 /only/a.txt; }
  location /small { client_max_body_size 10; }

  location /t1 { try_files $uri $uri/ /404.html; }
  location /t2 { try_files $uri $uri/ =404; }
  location /t3 { try_files $uri @named; }
  location /t4 { try_files $uri /missing; }
  location /t5 { try_files /$uri/index.html $uri.html =418; }
  location /t6/ { alias files/t1/; try_files $uri $uri/ =404; }
  location /t7/ { alias files/t1/; try_files zz.html b.html =404; }
  location ~ ^/t8/(.*)$ { alias files/t1/$1; try_files "" /x =404; }
  location /t9 { try_files plain.html files.txt /ten.txt; }
  location /t10 { try_files /d/ /d2/ =404; }
  location /t11 { try_files $uri $uri/ /loop?x=$uri&$args; }
  location /t12 { try_files /nope /args; }
  location /args { return 200 "[$args]"; }
  location /loop { try_files /nope /loop; }

  location /i1/ { index nope.html $arg_i /ten.txt; }
  location /i2/ { index a.html; location /i2/a.html { default_type x/y; types { } } }
  location /i3/ { index nope.html nope2.html; }
  location /i4/ { index sub/i.html; }
}`;

const FILES = {
  'files/ten.txt': '0123456789',
  ...Object.fromEntries(
    ['400', '403', '404', '413', '494'].map((code) => [`files/${code}.html`, `my ${code}`]),
  ),
  'files/folder/index.html': 'idx',
  'files/named/named.html': 'named',
  'files/t1/index.html': 't1i',
  'files/t1/a.html': 'a',
  'files/t1/b.html': 'b',
  'files/t1/d/index.html': 'di',
  'files/t2/x/y': '1',
  'files/t5/q/index.html': 'tq',
  'files/t5/r.html': 'r',
  'files/only/a.txt': 'only',
  'files/only/nested/x': '1',
  'files/i1/q.html': 'q',
  'files/i2/a.html': 'A',
  'files/i3/x': '',
  'files/i4/sub/i.html': 'si',
  'files/d2/index.html': 'd2',
};

suite('error pages, try_files and index', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
    for (const { folder } of [pair.nginx, pair.tandem]) mkdirSync(join(folder, 'files/noindex'));
    sameTimes(pair, 'files');
  });
  after(() => pair.stop());

  test('error_page answers every form alike', async () => {
    const pages = Array.from({ length: 32 }, (_, index) => `/p${index + 1}/x`);
    for (const method of ['GET', 'HEAD', 'POST', 'PUT']) {
      for (const path of ['/missing', '/noindex/', '/404.html', '/only/a.txt', ...pages]) {
        await assertAlike(pair, ask(`${method} ${path} HTTP/1.1`));
      }
    }
  });

  test('error pages of refused heads, contents and conditions', async () => {
    await assertAlike(pair, get('/%00'));
    await assertAlike(pair, get(`/${'a'.repeat(9000)}`));
    await assertAlike(pair, get('/', `X: ${'a'.repeat(9000)}`));
    await assertAlike(pair, 'GET / HTTP/1.1\r\n\r\n');
    await assertAlike(pair, ask('GET / HTTP/3.0'));
    await assertAlike(pair, ask('GET / HTTP/1.1', 'Transfer-Encoding: foo'));
    // Since 1.29 nginx takes CONNECT with an authority alone; 1.22 answers 405 here and 400 there.
    assert.equal((await pair.tandem.ask(ask('CONNECT /x HTTP/1.1'))).content, 'my 400');
    assert.equal((await pair.tandem.ask(ask('CONNECT h:443 HTTP/1.1'))).status, 303);
    await assertAlike(pair, `${ask('POST /small HTTP/1.1', 'Content-Length: 11')}hello world`);
    await assertAlike(pair, get('/ten.txt', 'If-Match: "x"'));
    await assertAlike(pair, get('/ten.txt', 'Range: bytes=20-'));
    await assertAlike(pair, get('/p1/x', 'Range: bytes=0-1'));
    await assertAlike(pair, get('/p1/x', 'If-None-Match: *'));
    await assertAlike(pair, get('/missing', 'If-None-Match: *'));
  });

  test('internal holds for nested locations and lets redirects in', async () => {
    for (const path of ['/only/', '/only/a.txt', '/only/nested/x', '/through/x']) {
      await assertAlike(pair, get(path));
    }
  });

  test('try_files', async () => {
    const paths = [
      '/t1/',
      '/t1',
      '/t1/d',
      '/t1/d/',
      '/t1/a.html',
      '/t1/zz',
      '/t2',
      '/t2/',
      '/t2/x',
    ];
    paths.push(
      '/t2/x/y',
      '/t2/x/',
      '/t3/zz',
      '/t4',
      '/t5/q',
      '/t5/r',
      '/t5/s',
      '/t6/a.html',
      '/t6/d',
    );
    paths.push('/t6/d/', '/t6/', '/t6/zz', '/t7/', '/t7/zz', '/t8/a.html', '/t8/zz', '/t9', '/t10');
    paths.push('/t10/x', '/t11/x?y=1', '/t12?lost', '/loop');
    for (const method of ['GET', 'POST', 'HEAD']) {
      for (const path of paths) await assertAlike(pair, ask(`${method} ${path} HTTP/1.1`));
    }
  });

  test('index', async () => {
    const paths = ['/i1/', '/i1/?i=q.html', '/i1/?i=/ten.txt', '/i2/', '/i3/', '/i4/', '/none/'];
    paths.push('/ten.txt/', '/noindex/', '/noindex', '/noindex/sub/', '/folder/');
    for (const path of paths) await assertAlike(pair, get(path));
  });
});
