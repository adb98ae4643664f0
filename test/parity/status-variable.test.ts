/**
 * `$status` before the head, what an error page keeps of the reply it replaces, and the variables that
 * tell of a reply, beside Debian's nginx.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { converse, get } from '../harness/raw-client.ts';
import { assertAlike } from './alike.ts';
import { answeredBy, reply, scriptedUpstream } from './scripted-upstream.ts';

const configuration = (to: string): string => `
log_format seen '$request_uri $uri $status $body_bytes_sent $sent_http_connection '
                '$sent_http_transfer_encoding $sent_http_date $sent_http_server';
access_log seen.log seen;
proxy_http_version 1.1;
map $status $mapped { default "map-$status"; }
server {
  listen 127.0.0.1:8080;
  root files;
  location /return {
    location /return/200 { return 200 "$status"; }
    location /return/201 { return 201 "$status"; }
    location /return/204 { return 204 "$status"; }
    location /return/301 { return 301 /q$status; }
    location /return/503 { return 503 "$status"; }
  }
  location /page {
    error_page 400 /text; error_page 401 /mapped; error_page 402 /set; error_page 403 /if;
    error_page 404 /tried; error_page 405 /proxied; error_page 406 /t$status; error_page 409 =200 /text;
    error_page 410 = /text; error_page 411 @named; error_page 415 /close; error_page 500 =201 /text;
    location /page/400 { return 400; } location /page/401 { return 401; }
    location /page/402 { return 402; } location /page/403 { return 403; }
    location /page/404 { return 404; } location /page/405 { return 405; }
    location /page/406 { return 406; } location /page/409 { return 409; }
    location /page/410 { return 410; } location /page/411 { return 411; }
    location /page/415 { return 415; } location /page/500 { return 500; }
  }
  location = /text { add_header X-Status "$status" always; return 200 "text $status"; }
  location = /mapped { return 200 $mapped; }
  location = /set { set $kept $status; return 200 $kept; }
  location = /if { if ($status = 403) { return 200 "if $status"; } return 200 "none $status"; }
  location = /tried { try_files /no$status /file$status =500; }
  location = /proxied { proxy_set_header X-Status $status; proxy_pass ${to}; }
  location /t4 { return 200 $uri; }
  location @named { return 200 "named $status"; }
  location /close { return 444; }
  location /moved/302 { error_page 302 /text; return 302 /first; }
  location /moved/301 { error_page 301 /again; return 301 /first; }
  location /moved/303 { error_page 303 @named; return 303 /first; }
  location /moved/307 { error_page 307 =200 /text; return 307 http://other/; }
  location /moved/308 { error_page 308 = /text; return 308 /first; }
  location /moved/url { error_page 302 http://other/; return 302 /first; }
  location /moved/own { error_page 302 =404 /text; return 302 /first; }
  location /moved/folder { error_page 301 /text; alias files/folder; }
  location /moved/slash/ { error_page 301 /text; proxy_pass ${to}; }
  location = /again { return 301 /second; }
  location /added { add_header X-Location "$sent_http_location" always;
                    add_header X-Own "$sent_http_date$sent_http_server" always; return 302 /x; }
  location /up/ { proxy_pass ${to}; proxy_intercept_errors on; error_page 404 500 /text; }
}
`;

describe('the status of a reply and its pages beside nginx', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];

  before(async () => {
    const upstream = await scriptedUpstream({ after: (hook) => hooks.push(hook) });
    const files = { 'files/file404': 'tried', 'files/folder/x': 'x' };
    pair = await startPair(configuration(`http://127.0.0.1:${upstream.port}`), { files });
    hooks.unshift(() => pair.stop());
  });
  after(async () => {
    for (const hook of hooks) await hook();
  });

  test('$status is known before the head is sent', async () => {
    for (const code of [200, 201, 204, 301, 503]) await assertAlike(pair, get(`/return/${code}`));
    for (const code of [400, 401, 402, 403, 404, 406, 409, 410, 411, 415, 500]) {
      await assertAlike(pair, get(`/page/${code}`));
    }
    for (const status of ['404 Not Found', '500 Oops', '403 Forbidden']) {
      await assertAlike(pair, answeredBy('/up/', reply(status)));
    }
    // The request that 1.22 sends differs in order and connection fields.
    const { content } = await pair.tandem.ask(get('/page/405'));
    assert.match(content, /^X-Status: 405\r$/m);
  });

  test('a redirect keeps its Location behind an error page', async () => {
    for (const name of ['302', '301', '303', '307', '308', 'url', 'own', 'folder', 'slash']) {
      await assertAlike(pair, get(`/moved/${name}`));
    }
    await assertAlike(pair, get('/added'));
  });

  test('the log counts framing, and tells what was sent', async () => {
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    for (const path of ['/../x', '/a/../../b', '/%00', '/a%', '/%2e%2e/']) {
      await assertAlike(pair, get(path));
    }
    await assertAlike(pair, answeredBy('/up/chunks', chunks));
    await assertAlike(pair, answeredBy('/up/chunks', chunks).replace('1.1', '1.0'));
    await assertAlike(pair, answeredBy('/up/head', chunks).replace('GET', 'HEAD'));
    await assertAlike(pair, answeredBy('/up/empty', 'HTTP/1.1 204 None\r\n\r\n'));
    await assertAlike(pair, answeredBy('/up/same', 'HTTP/1.1 304 Same\r\n\r\n'));
    await assertAlike(pair, 'GET /return/200\r\n');
    for (const front of [pair.nginx, pair.tandem]) await converse(front.port(), get('/last'));
    const written = (front: Front): Promise<string[]> =>
      front.lines('seen.log', (lines) => lines.at(-1)?.startsWith('/last ') === true);
    const [theirs, mine] = await Promise.all([written(pair.nginx), written(pair.tandem)]);
    // Of built-in pages the length tells the program.
    const masked = (lines: string[], front: Front): string[] =>
      lines.map((line) =>
        line
          .replace(/ (400|404|30\d|500|403) \d+ /, ' $1 n ')
          .replaceAll(String(front.port()), '8080'),
      );
    assert.deepEqual(
      masked(mine, pair.tandem).filter((line) => !line.startsWith('/page/405')),
      masked(theirs, pair.nginx),
    );
  });
});
