/** `add_header`, `expires`, gzip and `gzip_static`, under both. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { ask, assertAlike, get, sameTimes } from './alike.ts';

const HTTP = `
types { text/html html; text/plain txt; application/javascript js; image/gif gif; }
server {
  listen 127.0.0.1:8080; server_name localhost; root files;
  location /h1/ { alias files/; add_header X-A a; add_header X-B $uri; add_header X-E "";
    add_header X-V $arg_none; add_header X-Al al always; }
  location /h2/ { alias files/; add_header Last-Modified "Tue, 14 Nov 2023 22:13:21 GMT";
    add_header ETag "\\"zz\\""; }
  location /h3/ { alias files/; add_header Last-Modified ""; add_header ETag "";
    add_header Cache-Control a; add_header Cache-Control b; add_header Link c; add_header Vary x;
    add_header Content-Encoding zz; add_header Location /here; }
  location /h4/ { alias files/; add_header Last-Modified $arg_lm; add_header ETag $arg_et; }
  location /x1/ { alias files/; expires 1h; add_header Cache-Control public; }
  location /x2/ { alias files/; expires -1; }
  location /x3/ { alias files/; expires max; }
  location /x4/ { alias files/; expires epoch; }
  location /x5/ { alias files/; expires off; }
  location /x6/ { alias files/; expires 0; }
  location /x7/ { alias files/; expires modified 1h; }
  location /x8/ { alias files/; expires modified 4000d; }
  location /x9/ { alias files/; expires @15h30m; }
  location /x10/ { alias files/; expires modified -1h; }
  location /x11/ { alias files/; expires modified 0; }
  location /x12/ { alias files/; expires @0; }
  location /xv/ { alias files/; expires $arg_e; }
  location /xm/ { alias files/; expires modified $arg_e; }
}
server {
  listen 127.0.0.1:8081; gzip on; gzip_types text/plain application/javascript; gzip_min_length 10;
  gzip_vary on; root files;
  location /g1/ { alias files/; gzip_proxied any; }
  location /g2/ { alias files/; gzip_http_version 1.0; }
  location /g3/ { alias files/; gzip_disable "Bad" msie6; }
  location /g4/ { alias files/; gzip_proxied expired no-cache no-store private auth; expires -1; }
  location /g5/ { alias files/; gzip_static on; }
  location /g6/ { alias files/; gzip_static always; }
  location /g7/ { alias files/; gzip off; gzip_static on; gzip_vary off; }
  location /g8/ { alias files/; gzip_min_length 100000; }
  location /g9/ { alias files/; gzip_types *; }
  location /ga/ { alias files/; gzip_proxied no_etag no_last_modified; etag off; }
  location /gb/ { alias files/; gzip_proxied auth; }
  location /gc/ { alias files/; gzip_proxied private; add_header Cache-Control private; }
  location /gd/ { alias files/; gzip_proxied private; add_header Cache-Control "public, max-age=1"; }
}`;

const FILES = {
  'files/ten.txt': '0123456789',
  'files/page.html': '<p>hello',
  'files/empty.txt': '',
  'files/folder/x.gif': 'GIF89a',
  'files/folder/index.html': 'idx',
  'files/big.txt': 'hello world '.repeat(3000),
  'files/huge.txt': 'hello world '.repeat(30_000),
  'files/big.js': 'var a;'.repeat(100),
  'files/big.gif': 'GIF'.repeat(100),
  'files/pre.txt': 'plain pre file',
  'files/pre.txt.gz': 'GZGZ',
  'files/only.txt.gz': 'ONLYGZ',
};

/** Takes out the second of now, and how the same text was compressed. */
/** Where gzip_static answers. */
const PACKED = ['/g5/pre.txt', '/g5/only.txt', '/g6/pre.txt', '/g6/only.txt', '/g7/pre.txt'];

function mask(text: string): string {
  return (
    text
      .replace(/Expires: .*?\d\d:\d\d:\d\d GMT/g, (date) =>
        /1970|2037/.test(date) ? date : 'Expires: masked',
      )
      .replace(/max-age=(\d+)/g, (_, age) => `max-age=${Math.round(age / 100)}00`)
      // Since 1.29 nginx gives ranges of a packed file; see the test of that.
      .replace(/^Accept-Ranges: bytes\r\n(?=(?:.+\r\n)*Content-Encoding: gzip\r\n)/m, '')
      .replace(/(?<=^Content-Encoding: gzip\r\n(?:.+\r\n)*)Accept-Ranges: bytes\r\n/m, '')
      .replace(/([0-9a-f]+\r\n)?\x1f\x8b[\s\S]*$/, 'compressed')
  );
}

suite('fields that the proxy adds, and gzip', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
    sameTimes(pair, 'files');
  });
  after(() => pair.stop());

  test('add_header', async () => {
    for (const n of [1, 2, 3]) {
      for (const path of ['/ten.txt', '/missing', '/folder', '/folder/']) {
        await assertAlike(pair, get(`/h${n}${path}`));
        await assertAlike(pair, ask(`HEAD /h${n}${path} HTTP/1.1`));
      }
    }
    for (const query of ['', '?lm=Tue,%2014', '?et=x']) {
      await assertAlike(pair, get(`/h4/ten.txt${query}`));
    }
    await assertAlike(pair, get('/h2/ten.txt', 'If-None-Match: "zz"'));
    await assertAlike(pair, get('/h2/ten.txt', 'If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT'));
    await assertAlike(pair, get('/h1/ten.txt', 'Range: bytes=0-1'));
    await assertAlike(pair, get('/h1/ten.txt', 'Range: bytes=99-'));
  });

  test('expires', async () => {
    for (let n = 1; n <= 12; n++) {
      await assertAlike(pair, get(`/x${n}/ten.txt`), 8080, mask);
      await assertAlike(pair, get(`/x${n}/missing`), 8080, mask);
    }
    for (const word of [
      '1h',
      '-1h',
      'max',
      'epoch',
      'off',
      '@12h',
      'junk',
      '',
      'modified',
      '0',
      '+5m',
    ]) {
      await assertAlike(pair, get(`/xv/ten.txt?e=${word}`), 8080, mask);
      await assertAlike(pair, get(`/xm/ten.txt?e=${word}`), 8080, mask);
    }
  });

  test('gzip', async () => {
    const paths = ['/big.txt', '/ten.txt', '/page.html', '/big.js', '/big.gif', '/huge.txt'];
    paths.push('/missing', '/folder', '/empty.txt', '/g5/pre.txt', '/g5/only.txt', '/g6/pre.txt');
    paths.push(
      '/g6/only.txt',
      '/g7/pre.txt',
      '/g9/big.gif',
      '/g5/folder',
      '/g5/folder/',
      '/g6/folder',
    );
    for (const n of '123456789abcd') paths.push(`/g${n}/big.txt`);
    const gzip = 'Accept-Encoding: gzip';
    for (const path of paths) {
      await assertAlike(pair, get(path), 8081, mask);
      await assertAlike(pair, ask(`HEAD ${path} HTTP/1.1`, gzip), 8081, mask);
      await assertAlike(pair, `GET ${path} HTTP/1.0\r\n${gzip}\r\n\r\n`, 8081, mask);
      for (const fields of [[], ['Via: x'], ['Via: x', 'Authorization: y'], ['Range: bytes=0-3']]) {
        if (fields[0] === 'Range: bytes=0-3' && PACKED.includes(path)) continue;
        await assertAlike(pair, get(path, gzip, ...fields), 8081, mask);
      }
      for (const agent of ['Bad', 'MSIE 6.0 xx']) {
        await assertAlike(pair, get(path, gzip, `User-Agent: ${agent}`), 8081, mask);
      }
    }
  });

  test('ranges of a packed file are of its packed bytes', async () => {
    for (const path of PACKED) {
      const request = get(path, 'Accept-Encoding: gzip', 'Range: bytes=1-2');
      const { status, fields, content } = await pair.tandem.ask(request, 8081);
      assert.deepEqual([status, content], [206, path.includes('only') ? 'NL' : 'ZG'], path);
      assert.ok(fields.some(([name, value]) => name === 'Content-Encoding' && value === 'gzip'));
      const whole = await pair.tandem.ask(get(path, 'Accept-Encoding: gzip'), 8081);
      assert.ok(
        whole.fields.some(([name, value]) => name === 'Accept-Ranges' && value === 'bytes'),
      );
    }
  });

  test('Accept-Encoding', async () => {
    for (const value of [
      ...['gzip;q=0', 'gzip;q=0.0', 'gzip;q=0.001', 'gzip;q=1', '*', '*;q=0', 'deflate', 'x-gzip'],
      ...['GZIP', 'gzip , br', 'br;q=1, gzip;q=0', 'gzipx', 'gzip;q=2', 'gzip; q=0', 'gzip;foo'],
    ]) {
      await assertAlike(pair, get('/big.txt', `Accept-Encoding: ${value}`), 8081, mask);
    }
  });
});
