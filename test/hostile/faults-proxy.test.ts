/**
 * One request can never end the proxy, nor touch another: an exception is thrown at every call that
 * a module, filter, producer or sink makes, one after the other, while eight others are in flight.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RawClient } from '../harness/raw-client.ts';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';

const LARGE = 'large '.repeat(100_000);
const TEXT = 'compress me '.repeat(10_000);

function configuration(port: number): string {
  return `
error_log error.log info;
log_format plain '$request_uri $status $upstream_addr $request_time';
access_log access.log plain;
limit_conn_zone $arg_key zone=per:64k;
limit_req_zone $arg_key zone=rate:64k rate=1000r/s;
client_body_temp_path temp;
keepalive_timeout 60s;
if_modified_since before;
lingering_close off;
upstream app { server 127.0.0.1:${port}; keepalive 4; }
upstream two { server 127.0.0.1:1 fail_timeout=0; server 127.0.0.1:${port}; }
map $arg_key $mapped { default none; victim some; }
server {
  listen 127.0.0.1:80;
  root .;
  add_header X-Mapped $mapped always;
  limit_conn per 3;
  error_page 404 /error.txt;
  location / { }
  location /zip/ { alias ./; gzip on; gzip_types text/plain; gzip_min_length 1; }
  location /app/ { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
  location /plain/ { proxy_pass http://app; proxy_buffering off; }
  location /zipped/ { proxy_pass http://app; gzip on; gzip_types *; gzip_min_length 1; }
  location /tunnel/ {
    proxy_pass http://app; proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
  }
  location /stream/ { proxy_pass http://app; proxy_http_version 1.1; proxy_request_buffering off; }
  location /file/ { proxy_pass http://app; client_body_buffer_size 1k; }
  location /pages/ { proxy_pass http://app; proxy_intercept_errors on; }
  location /next/ { proxy_pass http://two; }
  location /dead/ { proxy_pass http://127.0.0.1:1; error_page 502 = @named; }
  location @named { proxy_pass http://app; }
  location /try/ { try_files $uri @named; }
  location /hidden/ { internal; alias ./; }
  location /return/ { return 200 "$request_uri $mapped"; }
  location /rewrite/ { rewrite ^/rewrite/(.*)$ /$1 last; }
  location /if/ { if ($arg_key = victim) { return 403 no; } }
  location /slow/ { alias ./; limit_req zone=rate burst=50; }
  location /closed/ { deny all; }
}`;
}

interface Kind {
  readonly name: string;
  readonly requests: string;
  readonly statuses: readonly number[];
  /** Sent once the first answer is there: the bytes of a tunnel. */
  readonly bytes?: string;
}

function ask(line: string, fields: readonly string[] = [], content = ''): string {
  return `${line} HTTP/1.1\r\n${['Host: x', ...fields].join('\r\n')}\r\n\r\n${content}`;
}

function last(line: string, fields: readonly string[] = [], content = ''): string {
  return ask(line, [...fields, 'Connection: close'], content);
}

const CONTENT = 'c'.repeat(20_000);
const SIZED = [`Content-Length: ${CONTENT.length}`];
const CHUNKS = '3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n';
const CHUNKED = ['Transfer-Encoding: chunked'];
const GZIP = ['Accept-Encoding: gzip'];
const LATER = ['If-Modified-Since: Tue, 01 Jan 2999 00:00:00 GMT'];

const KINDS: readonly Kind[] = [
  { name: 'a small file', requests: last('GET /small.txt?key=victim'), statuses: [200] },
  { name: 'a large file', requests: last('GET /large.bin?key=victim'), statuses: [200] },
  {
    name: 'a range',
    requests: last('GET /small.txt?key=victim', ['Range: bytes=1-3']),
    statuses: [206],
  },
  {
    name: 'several ranges of a large file',
    requests: last('GET /large.bin?key=victim', ['Range: bytes=1-3,9-300000']),
    statuses: [206],
  },
  {
    name: 'a range that is not there',
    requests: last('GET /small.txt?key=victim', ['Range: bytes=9000-']),
    statuses: [416],
  },
  { name: 'HEAD of a file', requests: last('HEAD /small.txt?key=victim'), statuses: [200] },
  {
    name: 'a file not modified',
    requests: last('GET /small.txt?key=victim', LATER),
    statuses: [304],
  },
  {
    name: 'a compressed file',
    requests: last('GET /zip/text.txt?key=victim', GZIP),
    statuses: [200],
  },
  { name: 'a missing file', requests: last('GET /no.txt?key=victim'), statuses: [404] },
  { name: 'a sized response', requests: last('GET /app/sized?key=victim'), statuses: [200] },
  { name: 'a chunked response', requests: last('GET /app/x/chunked'), statuses: [200] },
  { name: 'an unbuffered response', requests: last('GET /plain/big'), statuses: [200] },
  {
    name: 'a compressed response',
    requests: last('GET /zipped/big', GZIP),
    statuses: [200],
  },
  { name: 'HEAD passed on', requests: last('HEAD /app/sized?key=victim'), statuses: [200] },
  {
    name: 'an upgrade',
    requests: ask('GET /tunnel/x', ['Connection: upgrade', 'Upgrade: echo']),
    statuses: [101],
    bytes: 'ping',
  },
  {
    name: 'content held in memory',
    requests: last('POST /app/post?key=victim', ['Content-Length: 5'], 'abcde'),
    statuses: [200],
  },
  {
    name: 'chunked content passed on as it comes',
    requests: last('POST /stream/post?key=victim', CHUNKED, CHUNKS),
    statuses: [200],
  },
  {
    name: 'content held in a file',
    requests: last('POST /file/post?key=victim', SIZED, CONTENT),
    statuses: [200],
  },
  {
    name: 'content with broken chunks',
    requests: last('POST /app/post?key=victim', CHUNKED, 'zz\r\n'),
    statuses: [400],
  },
  { name: 'an intercepted error', requests: last('GET /pages/missing'), statuses: [404] },
  { name: 'the next upstream', requests: last('GET /next/x?key=victim'), statuses: [200] },
  {
    name: 'a named location for an error',
    requests: last('GET /dead/x?key=victim'),
    statuses: [200],
  },
  { name: 'a named location of try_files', requests: last('GET /try/x'), statuses: [200] },
  { name: 'X-Accel-Redirect', requests: last('GET /app/accel'), statuses: [200] },
  { name: 'return', requests: last('GET /return/x?key=victim'), statuses: [200] },
  { name: 'rewrite', requests: last('GET /rewrite/small.txt?key=victim'), statuses: [200] },
  { name: 'return within if', requests: last('GET /if/x?key=victim'), statuses: [403] },
  { name: 'a file refused', requests: last('GET /closed/x?key=victim'), statuses: [403] },
  {
    name: 'requests that limit_req delays',
    requests: ask('GET /slow/small.txt?key=victim') + last('GET /slow/small.txt?key=victim'),
    statuses: [200, 200],
  },
  {
    name: 'pipelined requests',
    requests:
      ask('GET /small.txt?key=victim') + ask('GET /app/x?key=victim') + last('HEAD /small.txt'),
    statuses: [200, 200, 200],
  },
];

/** Eight requests that are somewhere in the middle. */
async function startOthers(proxy: FaultyProxy): Promise<() => Promise<void>> {
  const { port, upstream } = proxy;
  const starts: readonly (readonly [string, string, RegExp])[] = [
    [last('GET /app/hold'), '', /^HTTP\/1.1 200 [\s\S]*released$/],
    [last('GET /plain/hold'), '', /^HTTP\/1.1 200 [\s\S]*released$/],
    [last('GET /app/half'), '', /^HTTP\/1.1 200 [\s\S]*released$/],
    [last('GET /plain/half'), '', /^HTTP\/1.1 200 [\s\S]*released$/],
    [last('POST /app/post', ['Content-Length: 4'], 'ab'), 'cd', /^HTTP\/1.1 200 [\s\S]*got 4$/],
    [last('POST /stream/post', ['Content-Length: 4'], 'ab'), 'cd', /^HTTP\/1.1 200 [\s\S]*got 4$/],
    [
      'GET /small.txt HTTP/1.1\r\nHo',
      'st: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1.1 200 [\s\S]*small$/,
    ],
    [last('POST /file/post', SIZED, 'abc'), CONTENT.slice(3), /^HTTP\/1.1 200 [\s\S]*got 20000$/],
  ];
  const clients: RawClient[] = [];
  for (const [head] of starts) {
    const client = await RawClient.connect(port);
    client.send(head);
    clients.push(client);
  }
  // The four held ones, and the one whose content is passed on as it comes.
  while (upstream.held < 4 || upstream.active < 5) await nextTurn();
  while (proxy.accounts.active < 8 || proxy.accounts.idle > 0) await nextTurn();
  return async () => {
    upstream.release();
    for (const [i, [, rest, whole]] of starts.entries()) {
      const client = clients[i]!;
      client.send(rest);
      assert.match(await client.rest(), whole, `the other request ${i}`);
      client.destroy();
    }
  };
}

/** What a client made of its answers. */
interface Seen {
  readonly statuses: readonly number[];
  /** Whether something came after the last whole response. */
  readonly isCut: boolean;
  /** Whether the connection was closed without a byte of the answer that was due. */
  readonly isBare: boolean;
}

async function talk(port: number, kind: Kind): Promise<Seen> {
  const client = await RawClient.connect(port);
  const statuses: number[] = [];
  let isCut = false;
  let isBare = false;
  client.send(kind.requests);
  const isHead = [...kind.requests.matchAll(/^(GET|HEAD|POST) /gm)].map(([, m]) => m === 'HEAD');
  try {
    for (const head of isHead) statuses.push((await client.response(head)).status);
    if (kind.bytes !== undefined && statuses[0] === 101) {
      client.send(kind.bytes);
      client.socket.end();
      if ((await client.rest()) !== kind.bytes) isCut = true;
    } else if ((await client.rest()) !== '') isCut = true;
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('no whole response'))) throw error;
    isCut = true;
    isBare = error.message.endsWith('after ""');
  }
  client.destroy();
  return { statuses, isCut, isBare };
}

/** One run with a fault. False where the request made fewer calls than that. */
async function runFaulty(
  proxy: FaultyProxy,
  kind: Kind,
  chosen: number,
  when: 'before' | 'after',
): Promise<boolean> {
  const { injector, accounts, logged, errors, strays, upstream } = proxy;
  const others = { connections: accounts.active, upstream: upstream.active };
  logged.length = 0;
  errors.length = 0;
  const requests = accounts.requests;
  injector.arm(chosen, when);
  const seen = await talk(proxy.port, kind);
  while (accounts.active > others.connections || upstream.active > others.upstream) {
    await nextTurn();
  }
  injector.disarm();
  const { thrownAt } = injector;
  const what = `${kind.name}, fault ${chosen} ${when} ${thrownAt}: ${JSON.stringify(seen)}`;
  assert.deepEqual(strays, [], what);
  assert.equal(logged.length, accounts.requests - requests, `${what}: logged ${logged}`);
  assert.equal(accounts.active, others.connections, what);
  assert.equal(upstream.active, others.upstream, what);
  if (thrownAt === '') {
    assert.deepEqual(seen, { statuses: kind.statuses, isCut: false, isBare: false }, what);
    return false;
  }
  assert.ok(
    errors.some((line) =>
      /\[alert\].* exception .*injected.* client: 127.0.0.1, .*request: "/.test(line),
    ),
    `${what}: ${errors.join('')}`,
  );
  for (const [i, status] of seen.statuses.entries()) {
    assert.ok(status === kind.statuses[i] || status === 500, what);
  }
  // What is pipelined after an answer that was cut was never begun.
  const isFailed = seen.statuses.includes(500);
  assert.ok(isFailed || !seen.isBare || seen.statuses.length > 0, what);
  assert.ok(isFailed || seen.isCut || seen.statuses.length === kind.statuses.length, what);
  return true;
}

async function runKind(t: TestContext, proxy: FaultyProxy, kind: Kind): Promise<void> {
  const finishOthers = await startOthers(proxy);
  let faults = 0;
  for (const when of ['before', 'after'] as const) {
    for (let chosen = 1; await runFaulty(proxy, kind, chosen, when); chosen++) faults++;
  }
  assert.ok(faults > 0);
  t.diagnostic(`${faults} faults`);
  await finishOthers();
}

/** Steps, filters and variables: what a mistake in a module would make throw each time. */
const OF_MODULES = / (step|handler|headerFilter)$|^variable /;

async function breakForGood(proxy: FaultyProxy, kind: Kind, name: string): Promise<void> {
  const { injector, accounts, logged, strays } = proxy;
  const active = accounts.active;
  const requests = accounts.requests;
  logged.length = 0;
  injector.armAlways(name);
  const seen = await talk(proxy.port, kind);
  while (accounts.active > active) await nextTurn();
  injector.disarm();
  const what = `${kind.name}, ${name}: ${JSON.stringify(seen)}`;
  assert.equal(injector.thrownAt, name);
  assert.deepEqual(strays, [], what);
  assert.equal(logged.length, accounts.requests - requests, what);
  const isWhole = seen.statuses.length === kind.statuses.length && !seen.isCut;
  const isLate = seen.statuses.every((status, i) => status === kind.statuses[i]);
  assert.ok(seen.statuses.includes(500) || (isWhole && isLate), what);
}

test('whatever throws ends its own request alone', async (t) => {
  const proxy = await startFaultyProxy(t, configuration, {
    'small.txt': 'small',
    'large.bin': LARGE,
    'text.txt': TEXT,
    'error.txt': 'no such page',
  });
  for (const kind of KINDS) await t.test(kind.name, (t) => runKind(t, proxy, kind));

  await t.test('what throws each time is answered with 500 each time', async () => {
    const finishOthers = await startOthers(proxy);
    for (const kind of KINDS) {
      const { injector } = proxy;
      injector.arm(Number.POSITIVE_INFINITY, 'before');
      await talk(proxy.port, kind);
      injector.disarm();
      const names = [...injector.seen].filter((name) => OF_MODULES.test(name));
      for (const name of names) await breakForGood(proxy, kind, name);
    }
    await finishOthers();
  });
});
