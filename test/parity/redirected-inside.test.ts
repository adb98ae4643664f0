/**
 * What an internal redirect leaves behind and what it takes along, for the client and for both logs,
 * beside Debian's nginx.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { masks, type Pair, startPair } from '../harness/parity.ts';
import { answering, response, upstreamFor } from '../proxy/upstream-servers.ts';
import { assertAlike, get } from './alike.ts';

const TYPE = 'Content-Type: text/x-own; charset=utf-8';

/** `/accel/PATH` redirects to it, `/moved` and `/other` have a Location. */
const script = answering((request) => {
  const path = request.split(' ', 2)[1] ?? '';
  const accel = /\/accel(?<to>[/@].*)$/.exec(path)?.groups?.['to'];
  if (accel !== undefined) {
    return response(200, '', TYPE, `X-Accel-Redirect: ${accel.replace('/@', '@')}`);
  }
  if (path.includes('moved')) return response(302, 'x', 'Location: http://up.test/there', 'ETag:');
  return response(path.includes('none') ? 404 : 200, 'x', 'Location: /here', 'Content-Type: a/b');
});

const HTTP = (to: string): string => `
log_format told "$request_uri|$status|$uri|$args|$query_string|$is_args|$proxy_host|$proxy_port|"
                "$upstream_status|$upstream_response_length|$upstream_bytes_received|$sent_http_location|$sent_http_content_type|$sent_http_etag|"
                "$realpath_root";
access_log told.log told;
proxy_http_version 1.1; proxy_set_header Connection "";
server {
  listen 127.0.0.1:8080; root files;
  location / { ${to}; }
  location /files/ { alias files/; }
  location /error/ { error_page 404 /files/page.html; alias files/; }
  location /redirected/ { error_page 404 =302 /error/none; alias files/; }
  location /kept/ { error_page 404 = /files/none; alias files/; }
  location /intercepted/ { proxy_intercept_errors on; error_page 404 /files/page.html; ${to}; }
  location /unreached/ { error_page 404 = @upstream; alias files/; }
  location /cycle/ { try_files /none /cycle/?; }
  location /named/ { try_files /none @cycle; }
  location @cycle { try_files /none @cycle; }
  location @upstream { rewrite ^/unreached(.*) $1 break; ${to}; }
  location @page { return 200 page; }
  location /absent/ { root none; }
  location /behind/ { alias files/page.html/; }
  location /try/ { try_files /none /files/page.html?$args; }
  location /last/ { rewrite ^ /files/page.html? last; }
  location /query/ { rewrite ^ /files/page.html?$arg_q? last; }
  location /set/ { set $args ""; alias files/; }
  location /page-args/ { error_page 404 /files/page.html?$arg_q; alias files/; }
}`;

const FILES = { 'files/page.html': 'page', 'files/index.html': 'index' };

const REQUESTS = [
  '/moved',
  '/other',
  '/none',
  '/accel/files/page.html',
  '/accel/files/page.html?',
  '/accel/files/page.html?a=b',
  '/accel/files/none',
  '/accel/error/none',
  '/accel/redirected/none',
  '/accel/kept/none',
  '/accel/cycle/',
  '/accel/files/../x',
  '/accel/@page',
  '/accel/@missing',
  '/accel/other',
  '/intercepted/none',
  '/intercepted/accel/error/none',
  '/unreached/none',
  '/unreached/accel/files/page.html',
  '/cycle/x',
  '/named/x',
  '/files/page.html/x',
  '/files/page.html/x/',
  '/files/page.html/x/y',
  '/files/none/x',
  '/files/?',
  '/files/?a',
  '/absent/x',
  '/behind/x',
  '/try/x',
  '/try/x?',
  '/try/x?a',
  '/last/x',
  '/last/x?a',
  '/query/x',
  '/query/x?q=a',
  '/set/page.html',
  '/set/page.html?a',
  '/page-args/x',
  '/page-args/x?q=a',
];

suite('what comes of an internal redirect', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];
  before(async () => {
    const upstream = await upstreamFor({ after: (hook) => hooks.push(hook) }, script);
    const to = `proxy_pass http://127.0.0.1:${upstream.port}`;
    pair = await startPair(HTTP(to), { files: FILES, main: 'worker_processes 1;' });
    hooks.unshift(() => pair.stop());
  });
  after(async () => {
    for (const hook of hooks) await hook();
  });

  test('the client, the access log and the error log hear the same of it', async () => {
    for (const path of REQUESTS) await assertAlike(pair, get(path));
    const [theirs, ours] = await Promise.all([logged(pair.nginx), logged(pair.tandem)]);
    assert.deepEqual(ours, theirs);
    assert.deepEqual(errors(pair.tandem), errors(pair.nginx));
  });
});

async function logged(front: Front): Promise<string[]> {
  const lines = await front.lines('told.log', REQUESTS.length);
  return lines.map((line) => masks(front, line));
}

/** What was said of requests, without what tells one line from the next. */
function errors(front: Front): string[] {
  return front
    .read('error.log')
    .split('\n')
    .filter((line) => line.includes('client: ') && !line.includes('waiting for request'))
    .map((line) => masks(front, line).replace(/^.{19} (\[\w+\]) \d+#\d+: \*\d+/, '$1'));
}
