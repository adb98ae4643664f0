/** Files, paths, methods, conditions and ranges, under Debian's nginx and under ours. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { ask, assertAlike, CHANGED_TEXT, get, sameTimes } from './alike.ts';

const HTTP = `
types { text/html html; text/plain txt; application/javascript js; image/gif gif; }
server {
  listen 127.0.0.1:8080; server_name localhost; root files;
  location /alias/ { alias files/folder/; }
  location ~ ^/re/(.*)$ { alias files/$1; }
  location = /exact { alias files/page.html; }
  location /noetag/ { alias files/; etag off; }
  location /ims-off/ { alias files/; if_modified_since off; }
  location /ims-before/ { alias files/; if_modified_since before; }
  location /two/ { alias files/; max_ranges 2; }
  location /none/ { alias files/; max_ranges 0; }
  location /typed/ { alias files/; default_type application/x-foo; types { } }
  location /untyped/ { alias files/; default_type ""; types { } }
  location /rel { absolute_redirect off; }
}
server {
  listen 127.0.0.1:8081; server_name first; merge_slashes off; root files; server_tokens off;
  port_in_redirect off; server_name_in_redirect on;
}`;

const FILES = {
  'files/page.html': '<p>hello',
  'files/folder/x.gif': 'GIF89a',
  'files/folder/index.html': 'idx',
  'files/empty.txt': '',
  'files/ten.txt': '0123456789',
  'files/big.txt': 'x'.repeat(70_000),
  'files/sp ace/a b.txt': 'space',
  'files/sp ace/index.html': 'spi',
  'files/q?x.txt': 'q',
  'files/p%q/x.txt': 'pct',
  'files/rel/d/x': '1',
  'files/.hidden': 'h',
  'files/UP.HTML': 'up',
  'files/noext': 'n',
  'files/a.b.js': 'js',
  'files/foo.': 'x',
  'files/d.txt/x': '1',
  'files/"quo/x': '1',
  'files/a#b/x': '1',
  'files/\u00e9m/x.txt': 'e',
};

const PATHS = [
  ...['/page.html', '/folder', '/folder/', '/folder?x=1', '/folder/x.gif', '/missing', '/missing/'],
  ...['/alias/x.gif', '/alias/', '/alias', '/alias/none', '/re/page.html', '/re/folder'],
  ...['/re/folder/', '/exact', '/exact/', '/empty.txt', '/sp%20ace', '/sp%20ace/a%20b.txt'],
  ...['/sp%20ace/', '/sp%20ace?a%20b', '/q%3Fx.txt', '/p%25q/x.txt', '/p%25q', '/a%23b', '/%22quo'],
  ...['/.hidden', '/UP.HTML', '/noext', '/a.b.js', '/link.html', '/loop', '/dangling', '/rel/d'],
  ...['/rel/d?x', '/../x', '/a/../page.html', '/./page.html', '/a/..', '/..', '/%2e%2e/x'],
  ...['/folder%2Fx.gif', '/folder/..%2Fpage.html', '/%00', '/page.html%00', '/%', '/%2', '/%zz'],
  ...['//page.html', '///folder//x.gif', '/page.html/', '/page.html/x', '/ten.txt#frag', '/foo.'],
  ...['/ten.txt?a#b', '/page.html?', '/d.txt', '/d.txt/', '/?', '/*', '/page.html;x', '/%20'],
  ...['/typed/page.html', '/untyped/page.html', '/noetag/ten.txt', `/${'a'.repeat(300)}`, '/ x'],
  ...['/%E9m/x.txt', '/\u00e9m', '/\u00e9m/x.txt'],
];

const TAG = '"6553f100-a"';
const CONDITIONS = [
  ...[
    CHANGED_TEXT,
    'Tue, 14 Nov 2023 22:13:19 GMT',
    'Tue, 14 Nov 2023 22:13:21 GMT',
    'garbage',
  ].map((date) => `If-Modified-Since: ${date}`),
  'If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT',
  'If-Modified-Since: Tue Nov 14 22:13:20 2023',
  `If-Modified-Since: ${CHANGED_TEXT}; length=10`,
  ...[TAG, `W/${TAG}`, `"x", ${TAG}`, `"x",${TAG},"y"`, '*', '"x"', '', '6553f100-a'].map(
    (tags) => `If-None-Match: ${tags}`,
  ),
  ...[TAG, `W/${TAG}`, '*', '"x"', `"x", ${TAG}`].map((tags) => `If-Match: ${tags}`),
  ...[CHANGED_TEXT, 'Tue, 14 Nov 2023 22:13:19 GMT', 'Tue, 14 Nov 2033 22:13:19 GMT', 'x'].map(
    (date) => `If-Unmodified-Since: ${date}`,
  ),
];

const RANGES = [
  ...['0-0', '0-', '5-', '-3', '-0', '-100', '10-', '9-', '5-3', '0-0,2-3', '0-0, -1', '0-4,3-6'],
  ...[
    '0-9,0-9',
    '0-1,20-30',
    '20-30,40-50',
    '',
    'x',
    '-',
    '1',
    ' 1 - 2 ',
    '0-99999999999999999999',
  ],
  ...['99999999999999999999-', '0-0,', ',0-0', '0-0,2-2,4-4,6-6', '-1,-1', '3-3,3-3'],
];

suite('static files', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
    for (const { folder } of [pair.nginx, pair.tandem]) {
      symlinkSync('page.html', join(folder, 'files/link.html'));
      symlinkSync('loop', join(folder, 'files/loop'));
      symlinkSync('missing', join(folder, 'files/dangling'));
    }
    sameTimes(pair, 'files');
  });
  after(() => pair.stop());

  test('paths', async () => {
    for (const path of PATHS) await assertAlike(pair, get(path));
  });

  test('slashes that are not merged, and redirects to the name of the server', async () => {
    for (const path of ['/folder', '//folder', '/folder//x.gif', '//folder//', '//', '/missing']) {
      await assertAlike(pair, get(path), 8081);
    }
    await assertAlike(pair, 'GET /folder HTTP/1.0\r\n\r\n', 8081);
  });

  test('methods', async () => {
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'get']) {
      for (const path of ['/page.html', '/folder', '/folder/', '/missing', '/empty.txt', '/']) {
        await assertAlike(pair, ask(`${method} ${path} HTTP/1.1`));
      }
    }
    await assertAlike(pair, ask('OPTIONS * HTTP/1.1'));
    // Since 1.29 nginx takes CONNECT with an authority alone; 1.22 answers the other way round.
    assert.equal((await pair.tandem.ask(ask('CONNECT /x HTTP/1.1'))).status, 400);
    assert.equal((await pair.tandem.ask(ask('CONNECT http://h/ HTTP/1.1'))).status, 400);
    assert.equal((await pair.tandem.ask(ask('CONNECT h:443 HTTP/1.1'))).status, 405);
    assert.equal((await pair.tandem.ask(ask('CONNECT h:65536 HTTP/1.1'))).status, 400);
  });

  test('forms of the target and versions of the protocol', async () => {
    for (const target of ['http://localhost/page.html', 'http://other', 'HTTP://LOCALHOST/x?y']) {
      await assertAlike(pair, ask(`GET ${target} HTTP/1.1`));
    }
    for (const head of [
      'GET /page.html',
      'GET /missing',
      'GET /folder',
      'GET /folder HTTP/1.0\r\n',
    ]) {
      await assertAlike(pair, `${head}\r\n`);
    }
    for (const version of ['1.2', '2.0', '0.9', '1.', '11.1']) {
      await assertAlike(pair, ask(`GET / HTTP/${version}`));
    }
  });

  test('conditions', async () => {
    for (const field of CONDITIONS) {
      for (const folder of ['', '/noetag', '/ims-off', '/ims-before']) {
        await assertAlike(pair, get(`${folder}/ten.txt`, field));
      }
    }
    const since = `If-Modified-Since: ${CHANGED_TEXT}`;
    await assertAlike(pair, get('/ten.txt', since, `If-None-Match: ${TAG}`));
    await assertAlike(pair, get('/ten.txt', since, 'If-None-Match: "x"'));
    await assertAlike(pair, get('/big.txt', since));
    await assertAlike(pair, ask('HEAD /ten.txt HTTP/1.1', since));
  });

  test('ranges', async () => {
    for (const range of RANGES) {
      for (const path of ['/ten.txt', '/two/ten.txt', '/none/ten.txt', '/empty.txt', '/big.txt']) {
        await assertAlike(pair, get(path, `Range: bytes=${range}`));
      }
    }
    await assertAlike(pair, get('/big.txt', 'Range: bytes=1-2,69998-69999'));
    await assertAlike(pair, get('/untyped/ten.txt', 'Range: bytes=0-0,2-3'));
    await assertAlike(pair, get('/ten.txt', 'Range: items=0-1'));
    await assertAlike(pair, get('/missing', 'Range: bytes=0-1'));
    await assertAlike(
      pair,
      get('/ten.txt', 'Range: bytes=0-1', `If-Modified-Since: ${CHANGED_TEXT}`),
    );
    await assertAlike(pair, ask('HEAD /ten.txt HTTP/1.1', 'Range: bytes=0-1,3-4'));
    await assertAlike(pair, 'GET /ten.txt HTTP/1.0\r\nRange: bytes=0-1\r\n\r\n');
    for (const value of [
      TAG,
      `W/${TAG}`,
      '"x"',
      CHANGED_TEXT,
      'Tue, 14 Nov 2023 22:13:21 GMT',
      '',
    ]) {
      await assertAlike(pair, get('/ten.txt', 'Range: bytes=0-1', `If-Range: ${value}`));
    }
  });

  test('paddings for browsers that hide short error pages', async () => {
    for (const agent of [
      'Mozilla/4.0 (compatible; MSIE 6.0)',
      'Mozilla/4.0 (compatible; MSIE 4.0)',
      'Mozilla/5.0 Chrome/100',
      'Mozilla/5.0 Gecko/1 Chrome/100',
      'Opera MSIE 6.0',
      'MSIE 6',
    ]) {
      await assertAlike(pair, get('/missing', `User-Agent: ${agent}`));
      await assertAlike(pair, get('/folder', `User-Agent: ${agent}`));
    }
  });
});
