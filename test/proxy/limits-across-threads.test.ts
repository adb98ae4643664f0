/** limit_req and limit_conn count for all threads of a worker process together, and exactly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, get, RawClient } from '../harness/raw-client.ts';
import { proxyFor } from './upstream-servers.ts';

const THREADS = 4;

/** How many answers have each status. */
function statusesOf(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test('the burst of limit_req is one for all threads', async (t) => {
  // One request a minute: nothing leaks away meanwhile.
  const front = await proxyFor(
    t,
    `limit_req_zone $arg_k zone=one:1m rate=1r/m;
    server { listen 127.0.0.1:8080; location / { limit_req zone=one burst=49 nodelay; try_files /x =404; root .; } }`,
    { files: { x: 'x' }, main: `worker_processes ${THREADS};` },
  );
  for (const key of ['a', 'b', 'c']) {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => ask(front.port(), get(`/?k=${key}`))),
    );
    assert.deepEqual(statusesOf(answers), { 200: 50, 503: 150 });
  }
});

test('the count of limit_conn is one for all threads, and comes back to nothing', async (t) => {
  const front = await proxyFor(
    t,
    `limit_conn_zone $server_name zone=all:1m; limit_conn_status 429;
    server { listen 127.0.0.1:8080; server_name n;
      location / { limit_conn all 20; proxy_pass http://127.0.0.1:8081; } }
    server { listen 127.0.0.1:8081; location / { return 200 x; } }`,
    { main: `worker_processes ${THREADS};` },
  );
  const head = 'POST / HTTP/1.1\r\nHost: n\r\nConnection: close\r\nContent-Length: 1\r\n';
  for (let round = 0; round < 3; round += 1) {
    const clients = await Promise.all(
      Array.from({ length: 60 }, () => RawClient.connect(front.port())),
    );
    // Under way until the content comes: 100 where it is counted, 429 where it is refused.
    for (const client of clients) client.send(`${head}Expect: 100-continue\r\n\r\n`);
    const answers = await Promise.all(clients.map((client) => client.response()));
    assert.deepEqual(statusesOf(answers), { 100: 20, 429: 40 });
    const taken = clients.filter((_, index) => answers[index]?.status === 100);
    for (const client of taken) client.send('x');
    const ends = await Promise.all(taken.map((client) => client.response()));
    assert.deepEqual(statusesOf(ends), { 200: 20 });
    for (const client of clients) client.destroy();
    await front.lines('access.log', (lines) => {
      return lines.filter((line) => line.includes('" 200 1 ')).length >= 40 * (round + 1);
    });
  }
});
