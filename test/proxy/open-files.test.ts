/** What the proxy does where the system allows it few open files. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { test } from 'node:test';
import { type FrontKind, startFront } from '../harness/front.ts';
import { judge, TANDEM } from '../harness/proxy.ts';
import { get, RawClient } from '../harness/raw-client.ts';

const LIMITED: FrontKind = {
  ...TANDEM,
  command(folder, name) {
    const { file, args } = TANDEM.command(folder, name);
    return { file: '/bin/sh', args: ['-c', 'ulimit -n 64; exec "$@"', 'sh', file, ...args] };
  },
};

const CRIT = /\[crit\] \d+#\d+: accept4\(\) failed \(24: Too many open files\)$/;

test('clients beyond the open files wait, those inside are served whole, and it is said once', async (t) => {
  const upstream = createServer((_request, response) => response.end('up')).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  const front = await startFront(
    LIMITED,
    `server { listen 127.0.0.1:8080; root files; location /up { proxy_pass http://127.0.0.1:${port}; } }`,
    { files: { 'files/a.txt': 'x'.repeat(200_000) } },
  );
  t.after(async () => {
    await front.stop();
    upstream.close();
  });
  const clients: RawClient[] = [];
  for (let i = 0; i < 10; i++) clients.push(await RawClient.connect(front.port(8080)));
  const idle: net.Socket[] = [];
  for (let i = 0; i < 100; i++) {
    const socket = net.connect(front.port(8080), '127.0.0.1');
    socket.on('error', (error) => assert.fail(`an idle client was dropped: ${error.message}`));
    idle.push(socket);
    await once(socket, 'connect');
  }
  await front.lines('error.log', (lines) => lines.some((line) => CRIT.test(line)));
  const late = await RawClient.connect(front.port(8080));
  late.send(get('/up'));
  for (const [index, client] of clients.entries()) {
    client.send(get(index % 2 === 0 ? '/up' : '/a.txt'));
    const { status, content } = await client.response();
    assert.equal(status, 200);
    assert.equal(content.length, index % 2 === 0 ? 2 : 200_000);
    client.destroy();
  }
  for (const socket of idle) socket.destroy();
  assert.equal((await late.response()).content, 'up');
  late.destroy();
  const said = front
    .read('error.log')
    .split('\n')
    .filter((line) => line.includes('[crit]'));
  assert.equal(said.length, 1, said.join('\n'));
});

test('-t says where worker_connections are more than open files', () => {
  const { code, lines } = judge('', LIMITED);
  assert.equal(code, 0);
  const warning = 'nginx: [warn] 256 worker_connections exceed open file resource limit: 64';
  assert.ok(lines.includes(warning), lines.join('\n'));
});
