import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runStep, type Step } from './generator.ts';

const BODY = 'x'.repeat(1000);

async function stepAgainst(t: TestContext, listener: RequestListener): Promise<Step> {
  const folder = mkdtempSync(join(tmpdir(), 'generator-test-'));
  const socketPath = join(folder, 'test.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
  return { address: { socketPath }, request, connections: 2, seconds: 0.2, isOneShot: false };
}

test('every request that the server answered is counted, to the last one', async (t) => {
  let answered = 0;
  const step = await stepAgainst(t, (_req, res) => {
    answered++;
    res.writeHead(200, { 'content-length': BODY.length }).end(BODY);
  });
  const count = await runStep(step);
  assert.equal(count.problem, '');
  assert.equal(count.requests, answered);
  assert.ok(answered > 0);
});

test('an answer that arrives in pieces counts once', async (t) => {
  let answered = 0;
  const step = await stepAgainst(t, (_req, res) => {
    answered++;
    res.writeHead(200, { 'content-length': BODY.length });
    res.write(BODY.slice(0, 400));
    setImmediate(() => res.end(BODY.slice(400)));
  });
  const count = await runStep(step);
  assert.equal(count.problem, '');
  assert.equal(count.requests, answered);
});

test('one connection per request counts each of them', async (t) => {
  let answered = 0;
  const step = await stepAgainst(t, (_req, res) => {
    answered++;
    res.writeHead(200, { 'content-length': BODY.length, connection: 'close' }).end(BODY);
  });
  const count = await runStep({ ...step, isOneShot: true, seconds: 0.5 });
  assert.equal(count.problem, '');
  assert.equal(count.requests, answered);
  assert.ok(answered > 0);
});

test('another status is a problem', async (t) => {
  const step = await stepAgainst(t, (_req, res) => {
    res.writeHead(500, { 'content-length': BODY.length }).end(BODY);
  });
  assert.equal((await runStep(step)).problem, 'an answer is not 200');
});

test('an answer without Content-Length is a problem', async (t) => {
  const step = await stepAgainst(t, (_req, res) => {
    res.write(BODY);
    res.end();
  });
  assert.equal((await runStep(step)).problem, 'an answer has no Content-Length');
});

test('a connection that the server closes is a problem', async (t) => {
  const step = await stepAgainst(t, (_req, res) => {
    res.writeHead(200, { 'content-length': BODY.length, connection: 'close' }).end(BODY);
  });
  // which of them is seen depends on whether the next request was written before the close came
  assert.match((await runStep(step)).problem, /a connection was closed|EPIPE|ECONNRESET/);
});
