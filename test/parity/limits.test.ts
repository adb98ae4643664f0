/** limit_req and limit_conn under Debian's nginx and under ours. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx, NGINX } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { judge } from '../harness/proxy.ts';
import { get, RawClient } from '../harness/raw-client.ts';

// One request a minute: nothing leaks away while a test runs, so time decides nothing.
const HTTP = `
log_format said "$uri $status $limit_req_status $limit_conn_status";
access_log access.log said;
limit_req_zone $arg_k zone=one:1m rate=1r/m;
limit_req_zone $arg_k$arg_other zone=two:1m rate=1r/m;
limit_req_zone $arg_k zone=fast:1m rate=20r/s;
limit_req_zone $arg_k zone=tiny:32k rate=1r/m;
limit_conn_zone $arg_k zone=few:1m;
limit_conn_zone $server_protocol zone=all:1m;
server {
  listen 127.0.0.1:8080;
  root files;
  location /plain { limit_req zone=one; }
  location /burst { limit_req zone=one burst=2 nodelay; limit_req_status 429; }
  location /both { limit_req zone=two; limit_req zone=one burst=3 nodelay; }
  location /dry { limit_req zone=one; limit_req_dry_run on; limit_req_log_level notice; }
  location /slow { limit_req zone=one burst=5; limit_req_log_level warn; }
  location /part { limit_req zone=one burst=5 delay=2; }
  location /soon { limit_req zone=fast burst=5; }
  location /drydelay { limit_req zone=one burst=5; limit_req_dry_run on; limit_req_log_level info; }
  location /tiny { limit_req zone=tiny; }
  location /page { limit_req zone=one; error_page 503 =200 /paged/x; }
  location /paged { limit_req zone=one; }
  location /conn { limit_conn few 1; limit_conn all 2; proxy_pass http://127.0.0.1:8081; }
  location /dryconn { limit_conn few 1; limit_conn_dry_run on; proxy_pass http://127.0.0.1:8081; }
  location /conn429 { limit_conn few 1; limit_conn_status 429; limit_conn_log_level info;
    proxy_pass http://127.0.0.1:8081; }
}
server { listen 127.0.0.1:8081; access_log off; location / { root files; error_page 405 =200 $uri; } }
`;

const WHERE = ['plain', 'burst', 'both', 'dry', 'drydelay', 'tiny', 'page'];
const FILES = Object.fromEntries(
  [...WHERE, 'slow', 'part', 'soon', 'conn', 'conn429', 'dryconn', 'two', 'paged'].map((name) => [
    `files/${name}/x`,
    'content',
  ]),
);
/** A request whose content is still to come: the front says 100 once it serves it. */
const OPEN = 'Host: localhost\r\nContent-Length: 1\r\nExpect: 100-continue\r\nConnection: close';

suite('limits', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
  });
  after(() => pair.stop());

  for (const where of WHERE) {
    test(`/${where} takes and refuses the same requests, in the same words`, async () => {
      const path = `/${where}/x?k=${where}`;
      for (let i = 0; i < 5; i++) await assertSame(pair, get(path));
      const [theirs, ours] = await Promise.all([said(pair.nginx, path), said(pair.tandem, path)]);
      assert.deepEqual(ours, theirs);
    });
  }

  test('an empty key is not limited', async () => {
    for (let i = 0; i < 3; i++) {
      const { status } = await assertSame(pair, get('/plain/x'));
      assert.equal(status, 200);
    }
  });

  test('a refusal at one zone does not count at the others', async () => {
    const asked = ['k=n&other=1', 'k=n&other=1', 'k=n&other=2', 'k=n&other=3', 'k=n&other=4'];
    const statuses: number[] = [];
    for (const args of [...asked, 'k=n&other=5']) {
      statuses.push((await assertSame(pair, get(`/both/x?${args}`))).status);
    }
    assert.deepEqual(statuses, [200, 503, 200, 200, 200, 503]);
  });

  for (const [where, refusals] of [
    ['slow', 1],
    ['part', 3],
  ] as const) {
    test(`/${where} delays what is beyond the rate, and drops it when its client leaves`, async () => {
      const path = `/${where}/x?k=${where}`;
      for (let i = 0; i < refusals; i++) await assertSame(pair, get(path));
      const [theirs, ours] = await Promise.all(
        [pair.nginx, pair.tandem].map(async (front) => {
          const client = await RawClient.connect(front.port());
          client.send(get(path));
          await front.lines('error.log', (all) => all.some((line) => isDelay(line, path)));
          client.destroy();
          return said(front, path, refusals + 1);
        }),
      );
      assert.deepEqual(ours, theirs);
      assert.equal(ours?.at(-1), `/${where}/x 499 DELAYED -`);
    });
  }

  test('what is delayed is answered in the end', async () => {
    for (let i = 0; i < 4; i++) {
      assert.equal((await assertSame(pair, get('/soon/x?k=soon'))).status, 200);
    }
  });

  for (const where of ['conn', 'conn429', 'dryconn']) {
    test(`/${where} counts requests under way`, async () => {
      const path = `/${where}/x?k=${where}`;
      const open = await Promise.all([pair.nginx, pair.tandem].map((front) => begin(front, path)));
      await assertSame(pair, get(path));
      await assertSame(pair, get(`${path}2`));
      for (const client of open) {
        client.send('x');
        await client.response();
        client.destroy();
      }
      const before = await Promise.all([said(pair.nginx, path, 3), said(pair.tandem, path, 3)]);
      assert.deepEqual(before[1], before[0]);
      const { status } = await assertSame(pair, get(path));
      assert.equal(status, 200);
    });
  }

  test('a client that leaves is counted no longer', async () => {
    const path = '/conn/x?k=gone';
    for (const front of [pair.nginx, pair.tandem]) {
      const lines = (await front.lines('access.log', 0)).length;
      (await begin(front, path)).destroy();
      await front.lines('access.log', lines + 1);
    }
    assert.equal((await assertSame(pair, get(path))).status, 200);
  });

  test('of two limits the one that is reached refuses, and neither counts the request', async () => {
    const fronts = [pair.nginx, pair.tandem];
    const open = await Promise.all(
      fronts.flatMap((front) => [begin(front, '/conn/x?k=p'), begin(front, '/conn/x?k=q')]),
    );
    assert.equal((await assertSame(pair, get('/conn/x?k=r'))).status, 503);
    assert.equal((await assertSame(pair, get('/conn429/x?k=r'))).status, 200);
    for (const client of open) client.destroy();
  });

  test('a key of any length is counted', async () => {
    for (const length of [19, 20, 21, 79, 80, 81, 82, 3000]) {
      const path = `/plain/x?k=${'k'.repeat(length)}`;
      assert.equal((await assertSame(pair, get(path))).status, 200);
      assert.equal((await assertSame(pair, get(path))).status, 503);
    }
  });

  test('of a zone that is full the oldest keys go, and it serves on', async () => {
    const pairs = [pair.nginx, pair.tandem];
    for (const front of pairs) {
      const client = await RawClient.connect(front.port());
      for (let i = 0; i < 700; i++) {
        client.send(`GET /tiny/x?k=key${i} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        assert.equal((await client.response()).status, 200);
      }
      client.destroy();
    }
    assert.equal((await assertSame(pair, get('/tiny/x?k=key699'))).status, 503);
    assert.equal((await assertSame(pair, get('/tiny/x?k=key0'))).status, 200);
  });
});

test('a zone that is not declared is refused as by nginx', { skip: lacksNginx() }, () => {
  const http = 'server { listen 127.0.0.1:8080; limit_req zone=one; }';
  const words = (lines: readonly string[]): string[] =>
    lines
      .filter((line) => line.includes('zone'))
      .map((line) => line.replace(/^.*?(\[\w+\]) (\d+#\d+: )?/, '$1 '));
  const theirs = words(judge(http, NGINX).lines);
  assert.deepEqual(words(judge(http).lines), theirs);
  assert.deepEqual(theirs, ['[emerg] zero size shared memory zone "one"']);
});

/** Starts a request that stays under way; resolves when the front serves it. */
async function begin(front: Front, path: string): Promise<RawClient> {
  const client = await RawClient.connect(front.port());
  client.send(`POST ${path} HTTP/1.1\r\n${OPEN}\r\n\r\n`);
  assert.equal((await client.response()).status, 100);
  return client;
}

function isDelay(line: string, path: string): boolean {
  return line.includes('delaying request') && line.includes(` ${path} `);
}

/** What the logs say of a path, asked `count` times: error lines with whole excesses, access lines. */
async function said(front: Front, path: string, count = 5): Promise<string[]> {
  const [uri = ''] = path.split('?');
  const isOfPath = (line: string): boolean =>
    line.startsWith(`${uri} `) || (uri === '/page/x' && line.startsWith('/paged/x '));
  const lines = await front.lines('access.log', (all) => all.filter(isOfPath).length >= count);
  const errors = front
    .read('error.log')
    .split('\n')
    .filter((line) => line.includes(` ${path} HTTP`) && / (limiting|delaying) /.test(line))
    .map((line) =>
      line
        .replace(/^.{19} (\[\w+\]) \d+#\d+: \*\d+/, '$1')
        .replace(/excess: ([\d.]+)/, (_, excess) => `excess: about ${Math.ceil(Number(excess))}`)
        .replaceAll(String(front.port(8081)), '8081'),
    );
  return [...errors, ...lines.filter(isOfPath)];
}
