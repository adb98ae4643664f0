/** Heads that nginx refuses, and limits of their size, under both. */
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { ask, assertAlike, get } from './alike.ts';

const HTTP = `lingering_timeout 100ms;
server {
  listen 127.0.0.1:8080; server_name localhost; root files;
  location /small { client_max_body_size 10; }
}
server {
  listen 127.0.0.1:8081; client_header_buffer_size 1k; large_client_header_buffers 2 2k;
  root files; error_page 414 494 400 /page.html;
}`;

suite('heads', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: { 'files/page.html': 'page' } });
  });
  after(() => pair.stop());

  test('refused ones', async () => {
    for (const head of [
      'GET /missing HTTP/1.1',
      'GET / HTTP/1.1\r\nHost: a b',
      'GET / HTTP/1.1\r\nHost: a..b',
      'GET / HTTP/1.1\r\nHost: a/b',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b',
      'GARBAGE',
      'GET /page.html HTTP/1.1\r\nHost: x\r\n bad',
      'GET /page.html HTTP/1.1\r\nHost: x\r\nContent-Length: x',
      'GET /page.html HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked',
      'GET /page.html HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip',
      'GET / HTTP/3.0',
    ]) {
      await assertAlike(pair, `${head}\r\n\r\n`);
    }
  });

  test('allowed oddities', async () => {
    await assertAlike(pair, get('/page.html', 'Host: [::1]:80'));
    await assertAlike(pair, get('/page.html', 'Host:'));
    await assertAlike(pair, `\r\n\r\n${get('/page.html')}`);
    await assertAlike(pair, get('/page.html').replaceAll('\r\n', '\n'));
    await assertAlike(pair, get('/page.html', 'bad header'));
    await assertAlike(pair, get('/page.html', 'Expect: foo'));
  });

  test('sizes', async () => {
    for (const length of [1000, 2030, 2040, 2060, 4100, 9000]) {
      await assertAlike(pair, get(`/${'a'.repeat(length)}`), 8081);
      await assertAlike(pair, get('/', `X: ${'a'.repeat(length)}`), 8081);
    }
    await assertAlike(pair, get(`/${'a'.repeat(9000)}`));
    await assertAlike(pair, get('/', `X: ${'a'.repeat(9000)}`));
  });

  test('content that is larger than allowed', async () => {
    for (const length of [9, 10, 11]) {
      const request = ask('POST /small HTTP/1.1', `Content-Length: ${length}`);
      await assertAlike(pair, request + 'x'.repeat(length));
    }
    await assertAlike(pair, ask('POST /page.html HTTP/1.1', 'Content-Length: 2000000'));
  });
});
