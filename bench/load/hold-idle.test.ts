import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { SMALL_FILE } from '../requests.ts';
import { holdIdle } from './hold-idle.ts';

const canPin = process.platform === 'linux' && availableParallelism() > 1;

test('so many connections are open after a request each, until they are let go', {
  skip: !canPin,
}, async (t) => {
  let answered = 0;
  const server = createServer((_req, res) => {
    answered++;
    res.writeHead(200, { 'content-length': 2 }).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const held = await holdIdle((server.address() as AddressInfo).port, 20, SMALL_FILE);
  const open = await new Promise<number>((resolve) => {
    server.getConnections((_problem, count) => resolve(count));
  });
  assert.equal(open, 20);
  assert.equal(answered, 20);
  await held.release();
});

test('connections that the front closes meanwhile fail the measurement', {
  skip: !canPin,
}, async (t) => {
  const server = createServer((_req, res) => res.writeHead(200, { 'content-length': 2 }).end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const held = await holdIdle((server.address() as AddressInfo).port, 5, SMALL_FILE);
  server.closeIdleConnections();
  await assert.rejects(held.release(), /of 5 idle connections are open/);
});
