/** `add_trailer` and `proxy_force_ranges`, under both. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { ask, assertAlike, get, sameTimes } from './alike.ts';
import { answeredBy, reply, scriptedUpstream } from './scripted-upstream.ts';

const configuration = (to: string): string => `
types { text/plain txt; }
proxy_http_version 1.1;
proxy_set_header Connection "";
add_trailer X-Outer outer;
server {
  listen 127.0.0.1:8080; root files;
  location / { }
  location /own/ { alias files/; add_trailer X-One $uri; add_trailer X-Two $http_range;
    add_trailer X-Empty ""; add_trailer X-Always always always; add_header X-Head $uri; }
  location /text/ { return 200 text; }
  location /moved/ { return 301 /; }
  location /none/ { return 204; }
  location /gone/ { add_trailer X-Page page always; return 410; }
  location /page/ { error_page 404 /ten.txt; add_trailer X-Page page always; alias files/; }
  location /passed/ { proxy_pass ${to}; }
  location /ranges/ { proxy_force_ranges on; proxy_pass ${to}; }
  location /most/ { proxy_force_ranges on; max_ranges 0; proxy_pass ${to}; }
  location /coded/ { proxy_force_ranges on; gzip on; gzip_types *; gzip_min_length 0; proxy_pass ${to}; }
}`;

const FILES = { 'files/ten.txt': '0123456789', 'files/empty.txt': '' };
const MODIFIED = 'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT';
const TAG = 'ETag: "tag"';

/** All chunks as one: how a program cuts its content is its own affair. */
function joined(text: string): string {
  const from = text.indexOf('\r\n\r\n') + 4;
  if (!/^Transfer-Encoding: chunked\r$/m.test(text.slice(0, from))) return text;
  let content = '';
  let at = from;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) return `${text.slice(0, from)}${content}${text.slice(at)}`;
    content += text.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
  }
}

suite('trailers and forced ranges', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];
  before(async () => {
    const upstream = await scriptedUpstream({ after: (hook) => hooks.push(hook) });
    pair = await startPair(configuration(`http://127.0.0.1:${upstream.port}`), { files: FILES });
    sameTimes(pair, 'files');
  });
  after(async () => {
    await pair.stop();
    for (const hook of hooks) await hook();
  });

  test('add_trailer follows the content of what is chunked for it', async () => {
    const paths = ['/ten.txt', '/empty.txt', '/own/ten.txt', '/own/missing', '/text/', '/moved/'];
    for (const path of [...paths, '/none/', '/gone/', '/page/missing', '/passed/']) {
      await assertAlike(pair, get(path));
      await assertAlike(pair, ask(`HEAD ${path} HTTP/1.1`));
      await assertAlike(pair, `GET ${path} HTTP/1.0\r\nHost: localhost\r\n\r\n`);
    }
    const later = 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT';
    for (const line of ['Range: bytes=2-4', 'Range: bytes=0-1,3-4', 'Range: bytes=99-', later]) {
      await assertAlike(pair, get('/own/ten.txt', line), 8080, joined);
    }
  });

  test('proxy_force_ranges cuts what an upstream sends whole', async () => {
    const sized = reply('200 OK', MODIFIED, TAG, 'Content-Type: text/plain');
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n';
    const replies = [
      sized,
      chunked,
      reply('200 OK', 'Accept-Ranges: none', MODIFIED),
      reply('404 Not Found', TAG),
      reply('206 Partial Content', 'Content-Range: bytes 4-5/9'),
    ];
    const conditions = [
      [],
      ['Range: bytes=0-0'],
      ['Range: bytes=-1'],
      ['Range: bytes=0-0,1-1'],
      ['Range: bytes=7-'],
      ['Range: words=1'],
      ['Range: bytes=0-0', 'If-Range: "tag"'],
      ['Range: bytes=0-0', 'If-Range: "other"'],
      ['Range: bytes=0-0', 'If-Range: Mon, 01 Jan 2024 00:00:00 GMT'],
      ['Range: bytes=0-0', 'If-Range: Mon, 01 Jan 2024 00:00:01 GMT'],
    ];
    for (const path of ['/ranges/', '/most/', '/coded/', '/passed/']) {
      for (const response of replies) {
        for (const lines of conditions)
          await assertAlike(pair, answeredBy(path, response, ...lines));
      }
    }
  });
});
