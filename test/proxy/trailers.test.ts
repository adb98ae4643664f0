/**
 * What nginx has had since 1.27.2 (`proxy_pass_trailers`) and 1.29.3 (`add_header_inherit`,
 * `add_trailer_inherit`); Debian's has neither.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converse, field, get } from '../harness/raw-client.ts';
import { answering, proxyFor, upstreamFor } from './upstream-servers.ts';

const CHUNKED =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n' +
  '4\r\nsome\r\n0\r\nX-Sum: 1\r\nServer-Timing: a\r\nX-Sum: 2\r\n\r\n';

test('proxy_pass_trailers passes them all on, before those of add_trailer', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering(() => CHUNKED),
  );
  const to = `proxy_http_version 1.1; proxy_pass http://127.0.0.1:${upstream.port};`;
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080;
      location /off/ { ${to} }
      location /on/ { proxy_pass_trailers on; ${to} }
      location /more/ { proxy_pass_trailers on; add_trailer X-More $upstream_status; ${to} }
      location /packed/ { proxy_pass_trailers on; gzip on; gzip_types *; ${to} }
      location /at-once/ { proxy_pass_trailers on; proxy_buffering off; ${to} }
    }`,
  );
  const endOf = async (path: string, ...lines: string[]): Promise<string> => {
    const text = await converse(front.port(8080), get(path, ...lines));
    return text.slice(text.lastIndexOf('\r\n0\r\n') + 2);
  };
  const passed = '0\r\nX-Sum: 1\r\nServer-Timing: a\r\nX-Sum: 2\r\n';
  assert.equal(await endOf('/off/'), '0\r\n\r\n');
  assert.equal(await endOf('/on/'), `${passed}\r\n`);
  assert.equal(await endOf('/on/', 'TE: trailers'), `${passed}\r\n`);
  assert.equal(await endOf('/more/'), `${passed}X-More: 200\r\n\r\n`);
  assert.equal(await endOf('/packed/', 'Accept-Encoding: gzip'), `${passed}\r\n`);
  assert.equal(await endOf('/at-once/'), `${passed}\r\n`);
  const old = await converse(front.port(8080), 'GET /on/ HTTP/1.0\r\nHost: x\r\n\r\n');
  assert.match(old, /\r\n\r\nsome$/);
});

test('add_header_inherit says what becomes of the fields around', async (t) => {
  const front = await proxyFor(
    t,
    `add_header A 1;
    server { listen 127.0.0.1:8080; add_header A 2;
      location /on/ { return 200 x; }
      location /own/ { add_header A 3; return 200 x; }
      location /merge/ { add_header_inherit merge; add_header A 3; add_header B 4 always; return 200 x;
        location /merge/down/ { add_header A 5; return 200 x; }
        location /merge/off/ { add_header_inherit off; return 200 x; }
        location /merge/error/ { return 404; } }
      location /off/ { add_header_inherit off; return 200 x; }
      location /off-own/ { add_header_inherit off; add_header A 3; return 200 x; }
    }
    server { listen 127.0.0.1:8081; add_trailer T 1; add_trailer_inherit merge;
      location / { add_trailer T 2; return 200 x; }
      location /off/ { add_trailer_inherit off; return 200 x; } }`,
  );
  const valuesOf = async (path: string): Promise<string[]> => {
    const { fields } = await front.ask(get(path));
    return fields.filter(([name]) => /^[AB]$/.test(name)).map(([name, value]) => name + value);
  };
  assert.deepEqual(await valuesOf('/on/'), ['A2']);
  assert.deepEqual(await valuesOf('/own/'), ['A3']);
  assert.deepEqual(await valuesOf('/merge/'), ['A3', 'B4', 'A2']);
  assert.deepEqual(await valuesOf('/merge/down/'), ['A5', 'A3', 'B4', 'A2']);
  assert.deepEqual(await valuesOf('/merge/off/'), []);
  assert.deepEqual(await valuesOf('/merge/error/'), ['B4']);
  assert.deepEqual(await valuesOf('/off/'), []);
  assert.deepEqual(await valuesOf('/off-own/'), ['A3']);
  const merged = await converse(front.port(8081), get('/'));
  assert.match(merged, /\r\n0\r\nT: 2\r\nT: 1\r\n\r\n$/);
  assert.equal(field(await front.ask(get('/off/'), 8081), 'content-length'), '1');
});
