import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readWrkOutput, wrkArguments } from './wrk.ts';

const CLEAN = `Running 2s test @ http://127.0.0.1:8080/1k.html
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   512.11us  112.01us   4.01ms   90.11%
    Req/Sec    97.01k     2.11k   99.99k    70.00%
  193041 requests in 2.00s, 232.10MB read
Requests/sec:  96501.20
Transfer/sec:    116.03MB
`;

test('requests and seconds are read from the line that counts them', () => {
  assert.deepEqual(readWrkOutput(CLEAN), {
    requests: 193_041,
    seconds: 2,
    socketErrors: 0,
    refused: 0,
  });
});

test('socket errors are summed and other statuses counted', () => {
  const text = CLEAN.replace(
    'Requests/sec',
    '  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 17\nRequests/sec',
  );
  const count = readWrkOutput(text);
  assert.equal(count.socketErrors, 4321);
  assert.equal(count.refused, 17);
});

test('a run of a minute or more is read in seconds', () => {
  assert.equal(readWrkOutput(CLEAN.replace('2.00s', '1.50m')).seconds, 90);
});

test('output without a count is an error that shows the output', () => {
  assert.throws(() => readWrkOutput('unable to connect to 127.0.0.1:1'), /unable to connect/);
});

test('a request with content is given to wrk as a script', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wrk-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const args = wrkArguments({
    port: 8080,
    connections: 50,
    seconds: 2,
    folder,
    request: {
      method: 'POST',
      path: '/app/post',
      headers: { Connection: 'close' },
      contentLength: 16_384,
      answerLength: 200,
    },
  });
  assert.deepEqual(args.slice(0, 5), ['-t1', '-c50', '-d2s', '-H', 'Connection: close']);
  assert.match(readFileSync(args[6]!, 'utf8'), /"POST".*string\.rep\("x", 16384\)/s);
  assert.equal(args.at(-1), 'http://127.0.0.1:8080/app/post');
});
