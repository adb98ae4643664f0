/**
 * A request a second of the kinds that end processes: exceptions past everyone in the application, and
 * content that the proxy has to give twice. Everybody else is answered, within a second.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { get, RawClient } from '../harness/raw-client.ts';
import { childrenOf, DURATION_MS, startSite } from './site.ts';

const APP = `const boom = () => { throw new Error('boom'); };
const CRASHES = {
  '/sync': boom,
  '/timer': () => { setTimeout(boom, 5); return new Promise(() => {}); },
  '/late-timer': () => { setTimeout(boom, 50); return new Response('sent before'); },
  '/rejection': () => { Promise.reject(new Error('boom')); return new Promise(() => {}); },
  '/stream': () => new Response(new ReadableStream({ pull: boom })),
};
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (CRASHES[pathname] !== undefined) return CRASHES[pathname]();
    await request.text();
    return new Response('fine');
  },
};`;

const SERVER = `client_max_body_size 100;
  location /twice { proxy_request_buffering off; proxy_pass http://two/fine; }
  location /page { error_page 400 413 /fine; proxy_pass http://app; }
  location /named { proxy_request_buffering off; error_page 502 = @other; proxy_pass http://127.0.0.1:9; }
  location @other { proxy_pass http://app; }
  location /files/ { root .; }`;

const CHUNKED = 'HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
const LENGTH = 'HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\n';

/** What is sent in turn, one a second. */
const CRASHING: readonly string[] = [
  get('/sync'),
  `POST /twice ${LENGTH}abc`,
  get('/timer'),
  `POST /page ${CHUNKED}c8\r\n${'x'.repeat(200)}\r\n0\r\n\r\n`,
  get('/late-timer'),
  `POST /page ${CHUNKED}zz\r\n`,
  get('/rejection'),
  `POST /named ${LENGTH}abc`,
  get('/stream'),
];

const PROBES = [get('/fine'), get('/files/page.html'), `POST /fine ${LENGTH}abc`];
const PROBE_EVERY_MS = 50;
const SOON_MS = 1000;

test('crashing requests cost nobody else an answer, nor a second', async (t) => {
  const { proxy, pool } = await startSite(t, {
    app: APP,
    server: SERVER,
    http: 'upstream two { server 127.0.0.1:9; server 127.0.0.1:8080; }',
  });
  const proxyWorker = childrenOf(proxy.pid)[0];
  const late: number[] = [];
  const failed: string[] = [];
  let answered = 0;
  let slowestMs = 0;
  const probe = async (request: string): Promise<void> => {
    const asked = performance.now();
    try {
      const { status } = await proxy.ask(request);
      if (status !== 200) failed.push(`status ${status}`);
    } catch (error) {
      failed.push(String(error));
    }
    const tookMs = performance.now() - asked;
    answered += 1;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > SOON_MS) late.push(Math.round(tookMs));
  };
  const crash = async (turn: number): Promise<void> => {
    const client = await RawClient.connect(proxy.port());
    client.send(CRASHING[turn % CRASHING.length]!);
    await client.rest();
    client.destroy();
  };
  const until = performance.now() + DURATION_MS;
  const open: Promise<void>[] = [];
  for (let turn = 0; performance.now() < until; turn += 1) {
    open.push(probe(PROBES[turn % PROBES.length]!));
    if (turn % (1000 / PROBE_EVERY_MS) === 0) open.push(crash(turn / (1000 / PROBE_EVERY_MS)));
    await pause(PROBE_EVERY_MS);
  }
  await Promise.all(open);
  const replaced = [...pool.log.matchAll(/takes no more requests/g)].length;
  t.diagnostic(`${answered} probes, ${failed.length} failed, ${late.length} after ${SOON_MS} ms`);
  t.diagnostic(
    `slowest probe ${Math.round(slowestMs)} ms; ${replaced} workers of the pool replaced`,
  );
  assert.deepEqual(failed, []);
  assert.deepEqual(late, []);
  assert.equal(childrenOf(proxy.pid)[0], proxyWorker, 'a worker process of the proxy ended');
  assert.ok(replaced > 0, 'nothing crashed');
});
