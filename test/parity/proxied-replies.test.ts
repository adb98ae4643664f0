/**
 * What becomes of an upstream's response on its way to the client, beside Debian's nginx: which fields
 * go on, in which words, and which are changed.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSameInAnyOrder, type Pair, startPair } from '../harness/parity.ts';
import { field, type RawResponse } from '../harness/raw-client.ts';
import { assertAlike } from './alike.ts';
import { answeredBy, reply, scriptedUpstream } from './scripted-upstream.ts';

const MODIFIED = 'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT';

const GZIP = 'Accept-Encoding: gzip';

const configuration = (to: string): string => `
proxy_http_version 1.1;
proxy_set_header Connection "";
log_format sent '$status $sent_http_connection $sent_http_transfer_encoding $sent_http_keep_alive '
                '$sent_http_upgrade $body_bytes_sent';
server {
  listen 127.0.0.1:8080;
  location /switched/ {
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection upgrade;
    proxy_set_header Host h;
    keepalive_timeout 60s 60s;
    access_log sent.log sent;
    add_header X-Added 1 always;
    proxy_pass ${to};
  }
  location / { proxy_pass ${to}; }
  location /intercepted/ { proxy_intercept_errors on; error_page 401 404 =200 /page; proxy_pass ${to}; }
  location /kept/ { proxy_intercept_errors on; error_page 401 404 /page; proxy_pass ${to}; }
  location = /page { return 200 page; }
  location /gzip/ { gzip on; gzip_types *; gzip_min_length 0; proxy_pass ${to}; }
  location /domain/ {
    proxy_cookie_domain a.com b.com;
    proxy_cookie_domain .c.com .d.com;
    proxy_cookie_domain $arg_from $arg_to;
    proxy_pass ${to};
  }
  location /cookies/ {
    proxy_cookie_domain a.com b.com;
    proxy_cookie_path /x/ /y/;
    proxy_cookie_flags f secure httponly samesite=strict;
    proxy_cookie_flags n nosecure nohttponly nosamesite;
    proxy_pass ${to};
  }
  location /all-types/ { gzip on; gzip_types *; gzip_min_length 0; gzip_vary on; proxy_pass ${to}; }
  location /named/ { charset utf-8; charset_types *; proxy_pass ${to}; }
  location /dated/ { add_header Last-Modified $arg_m; proxy_pass ${to}; }
  location /modified/ { expires modified 2048; proxy_pass ${to}; }
  location /asked/ { expires modified $arg_e; proxy_pass ${to}; }
  location /passed/ { proxy_pass_header Date; proxy_pass_header Server; proxy_pass ${to}; }
  location /shown/ {
    proxy_hide_header X-Foo; proxy_pass_header X-Foo;
    proxy_hide_header Date; proxy_pass_header Date;
    proxy_hide_header ETag; proxy_pass_header X-Pad;
    proxy_pass ${to};
  }
}
`;

describe('responses of upstreams beside nginx', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];

  before(async () => {
    const upstream = await scriptedUpstream({ after: (hook) => hooks.push(hook) });
    pair = await startPair(configuration(`http://127.0.0.1:${upstream.port}`));
    hooks.unshift(() => pair.stop());
  });
  after(async () => {
    for (const hook of hooks) await hook();
  });

  /** Field lines of ours, without the usual ones. */
  const ours = async (request: string): Promise<RawResponse> => pair.tandem.ask(request);

  test('a challenge stays with the status of an intercepted 401, and with that alone', async () => {
    const challenged = (status: string): string =>
      reply(status, 'WWW-Authenticate: Basic', 'X-A: 1');
    for (const path of ['/intercepted/', '/kept/']) {
      for (const status of ['401 Unauthorized', '404 Not Found', '403 Forbidden']) {
        await assertAlike(pair, answeredBy(path, challenged(status)));
      }
    }
    // Since 1.23 nginx keeps all of them; 1.22 keeps the first.
    const two = reply('401 Unauthorized', 'WWW-Authenticate: Basic', 'www-authenticate: Bearer');
    const { fields } = await ours(answeredBy('/kept/', two));
    assert.deepEqual(
      fields.filter(([name]) => /^www-/i.test(name)),
      [
        ['WWW-Authenticate', 'Basic'],
        ['www-authenticate', 'Bearer'],
      ],
    );
  });

  test('gzip takes back what is true of the content as it was', async () => {
    const tags = ['"a"', 'W/"a"', 'W/a', '"', '"a', 'a', ''];
    const lines = tags.map((tag) => `ETag: ${tag}`);
    for (const line of [
      ...lines,
      'Accept-Ranges: bytes',
      'Accept-Ranges: none',
      'Content-MD5: x',
    ]) {
      const answer = answeredBy('/gzip/', reply('200 OK', 'Content-Type: t/x', line));
      await assertAlike(pair, answer);
      const packed = answer.replace('\r\n\r\n', '\r\nAccept-Encoding: gzip\r\n\r\n');
      const [theirs, mine] = await Promise.all([pair.nginx.ask(packed), ours(packed)]);
      assert.equal(field(mine, 'content-encoding'), 'gzip');
      for (const name of ['ETag', 'Accept-Ranges', 'Content-MD5', 'Content-Encoding']) {
        assert.equal(field(mine, name), field(theirs, name), `${name} of ${line}`);
      }
    }
  });

  test('gzip_types * compresses what has no type, and HEAD tells it too', async () => {
    const heads = [answeredBy('/all-types/', 'HTTP/1.1 404 N\r\nX: y\r\n\r\n', GZIP)];
    heads.push(answeredBy('/all-types/', reply('200 OK', 'X: y'), GZIP));
    heads.push(answeredBy('/all-types/', reply('200 OK', 'X: y')));
    for (const [at, request] of heads.entries()) {
      const asked = at === 0 ? request.replace('GET', 'HEAD') : request;
      const [theirs, mine] = await Promise.all([pair.nginx.ask(asked), ours(asked)]);
      for (const name of ['Content-Encoding', 'Vary']) {
        assert.equal(field(mine, name), field(theirs, name), `${name} of answer ${at}`);
      }
      assert.equal(field(mine, 'vary'), 'Accept-Encoding');
    }
  });

  test('a charset without a name is left alone', async () => {
    for (const type of ['text/html;charset=""', 'text/html; charset=', 'text/html; a=b', 'a']) {
      await assertAlike(pair, answeredBy('/named/', reply('200 OK', `Content-Type: ${type}`)));
    }
  });

  test("add_header Last-Modified takes the place of the upstream's", async () => {
    for (const status of ['200 OK', '206 P', '302 Found', '404 Not Found']) {
      for (const path of ['/dated/', '/dated/?m=x', '/dated/?m=Mon,%2001']) {
        await assertAlike(pair, answeredBy(path, reply(status, MODIFIED)));
      }
    }
  });

  test('fields stay with the status line they came with', async () => {
    const fields = ['Content-Type: t/x', MODIFIED, 'ETag: "a"', 'Accept-Ranges: bytes'];
    const coded = [...fields, 'Content-Encoding: br'].join('\r\n');
    for (const status of ['204 No Content', '304 Not Modified']) {
      await assertAlike(pair, answeredBy('/', `HTTP/1.1 ${status}\r\n${coded}\r\n\r\n`));
    }
    for (const status of ['205 Reset Content', '206 Partial Content', '404 Not Found', '200 OK']) {
      await assertAlike(pair, answeredBy('/', reply(status, ...fields)));
    }
  });

  test('a switch of protocols has the fields of the upstream', async () => {
    const lines = ['Upgrade: chat', 'Connection: upgrade', 'Content-Type: t/x', 'X-A: 1', MODIFIED];
    const more = [
      'ETag: "a"',
      'Location: /x',
      'Content-Encoding: br',
      'Set-Cookie: a=1',
      'Server: s',
    ];
    const head = ['HTTP/1.1 101 Of course', ...lines, ...more, '', ''].join('\r\n');
    const request = answeredBy('/switched/', head, 'Upgrade: chat').replace(
      'Connection: close',
      'Connection: upgrade',
    );
    const { reason } = await assertSameInAnyOrder(pair, request);
    assert.equal(reason, 'Of course');
    const written = [pair.nginx, pair.tandem].map((front) => front.lines('sent.log', 1));
    const [theirs, mine] = await Promise.all(written);
    assert.deepEqual(mine, theirs);
    assert.deepEqual(mine, ['101 upgrade - - chat 0']);
  });

  test('a reason phrase goes on as it came, an empty one too', async () => {
    for (const status of ['200 ', '299 ', '404   Not  There ', '200 Fine']) {
      await assertAlike(pair, answeredBy('/', reply(status)));
    }
    // RFC 9112 4: the space stands there where there is no phrase; nginx repeats what it got.
    assert.match((await ours(answeredBy('/', reply('200')))).head, /^HTTP\/1\.1 200 \r\n/);
  });

  test('fields without a value go on', async () => {
    const names =
      'ETag Last-Modified Content-Encoding Location Refresh Set-Cookie Accept-Ranges Vary Expires ' +
      'Cache-Control WWW-Authenticate X-Any Content-Type';
    const lines = names.split(' ').map((name) => `${name}:`);
    await assertAlike(pair, answeredBy('/', reply('200 OK', ...lines)));
  });

  test('of a field that may stand once the first goes on, and the log tells', async () => {
    // nginx 1.23 and later; 1.22 passes most of them on, of Content-Type the last.
    const names = [
      'Content-Type',
      'ETag',
      'Last-Modified',
      'Location',
      'Expires',
      'Refresh',
      'Status',
    ];
    const lines = names.flatMap((name) => [`${name}: 1`, `${name}: 2`]);
    const hidden = ['Date', 'Server', 'X-Accel-Expires', 'X-Accel-Limit-Rate'];
    const more = hidden.flatMap((name) => [`${name}: 1`, `${name}: 2`]);
    const all = reply('200 OK', ...lines, ...more);
    const answer = await ours(answeredBy('/', all));
    for (const name of names) {
      assert.deepEqual(
        answer.fields.filter(([each]) => each === name),
        [[name, '1']],
      );
    }
    const passed = await ours(answeredBy('/passed/', all));
    for (const name of ['Date', 'Server']) {
      assert.deepEqual(
        passed.fields.filter(([each]) => each === name),
        [[name, '1']],
      );
    }
    const told = [...names, ...hidden].map(
      (name) =>
        `upstream sent duplicate header line: "${name}: 2", previous value: "${name}: 1", ` +
        'ignored while reading response header from upstream',
    );
    await pair.tandem.lines('error.log', (log) =>
      told.every((words) => log.some((line) => line.includes('[warn]') && line.includes(words))),
    );
    const lists = ['Set-Cookie', 'Cache-Control', 'Vary', 'WWW-Authenticate', 'Link', 'X'];
    const both = lists.flatMap((name) => [`${name}: 1`, `${name}: 2`]);
    await assertAlike(pair, answeredBy('/', reply('200 OK', ...both)));
  });

  test('proxy_cookie_domain keeps the dot of the cookie', async () => {
    const domains = ['Domain=.a.com; path=/', 'domain=A.com', 'domain=.c.com', 'DOMAIN = c.com'];
    const odd = ['domain=', 'domain="a.com"', 'domain=a.com.', 'domain=xa.com', 'domain'];
    const lines = [...domains, ...odd].map((each, i) => `Set-Cookie: c${i}=1; ${each}`);
    await assertSameInAnyOrder(pair, answeredBy('/domain/', reply('200 OK', ...lines)));
    const variable = ['q.com', '.q.com', '..q.com'].map(
      (each) => `Set-Cookie: a=1; domain=${each}`,
    );
    const request = answeredBy('/domain/?from=.q.com&to=.r.com', reply('200 OK', ...variable));
    await assertSameInAnyOrder(pair, request);
  });

  test('a cookie is written anew where a rule changes it', async () => {
    const cookies = [
      'a=1;Domain=a.com;Path=/x/z',
      'a=1;;Domain=a.com',
      'a=1; b;Domain=a.com;',
      'a = 1 ; Domain = a.com ; Secure',
      'a=1;path=/q;x',
      ' a=1; path=/x/',
      'a; domain=a.com',
      'a="x;domain=a.com"; path=/x/;',
      '=1; path=/x/',
      'a=1;\tpath=/x/\t;q',
      'a=1; path=/x/; domain=a.com; domain=a.com; path=/x/b',
      'f=1',
      'f=1;secure;HttpOnly',
      'f=1; samesite=lax; path=/q',
      'f=1; SameSite',
      'F=1; SAMESITE=strict',
      'n=1; Secure; HttpOnly; SameSite=Lax; path=/q',
      'n=1;path=/q',
      'n=1; secure=1; secure',
      'f',
    ];
    const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}`);
    await assertSameInAnyOrder(pair, answeredBy('/cookies/', reply('200 OK', ...lines)));
  });

  test('expires modified counts from what the upstream says', async () => {
    const times = [MODIFIED, 'Last-Modified: Monday, 01-Jan-24 00:00:00 GMT'];
    for (const line of times) {
      for (const path of ['/modified/', '/asked/?e=10', '/asked/?e=-10']) {
        await assertAlike(pair, answeredBy(path, reply('200 OK', line, 'Expires: x')));
      }
    }
    for (const line of ['Last-Modified: tomorrow', 'X-A: 1']) {
      const answer = await ours(answeredBy('/modified/', reply('200 OK', line)));
      assert.equal(field(answer, 'cache-control'), 'max-age=2048');
    }
  });

  test('Date and Server that are passed on come from the upstream or not at all', async () => {
    const count = (answer: RawResponse): (readonly [string, string])[] =>
      answer.fields.filter(([name]) => name === 'Date' || name === 'Server');
    for (const lines of [[], ['Date: then'], ['Server: app'], ['Date:', 'Server:']]) {
      const request = answeredBy('/passed/', reply('200 OK', ...lines));
      const [theirs, mine] = await Promise.all([pair.nginx.ask(request), ours(request)]);
      assert.deepEqual(count(mine), count(theirs), lines.join());
    }
  });

  test('proxy_pass_header wins over proxy_hide_header', async () => {
    const lines = [
      'X-Foo: 1',
      'ETag: "a"',
      'X-Pad: 1',
      'Status: 200 OK',
      'Keep-Alive: x',
      'Date: x',
    ];
    await assertAlike(pair, answeredBy('/shown/', reply('200 OK', ...lines)));
  });
});
