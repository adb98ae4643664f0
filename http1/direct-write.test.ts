import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { writeDirectly } from './direct-write.ts';

/** Both ends of a connection over a Unix socket, or over TCP. */
async function pair(t: TestContext, way: 'unix' | 'tcp'): Promise<[net.Socket, net.Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'direct-'));
  const server = net.createServer({ allowHalfOpen: true });
  server.listen(way === 'unix' ? { path: join(folder, 's') } : { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const address = server.address();
  const target = typeof address === 'string' ? { path: address } : { port: address?.port ?? 0 };
  const near = net.connect({ ...target, host: '127.0.0.1', allowHalfOpen: true });
  await once(near, 'connect');
  const [far] = (await accepted) as [net.Socket];
  t.after(() => {
    near.destroy();
    far.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return [near, far];
}

/** From the second write of a thread on, text goes directly. */
async function learned(t: TestContext, way: 'unix' | 'tcp'): Promise<[net.Socket, net.Socket]> {
  const [near, far] = await pair(t, way);
  far.setEncoding('latin1');
  if (writeDirectly(near, 'first') < 0) near.write('first', 'latin1');
  assert.deepEqual(await once(far, 'data'), ['first']);
  return [near, far];
}

for (const way of ['unix', 'tcp'] as const) {
  suite(`text written directly over ${way}`, () => {
    test('leaves at once, byte for byte', async (t) => {
      const [near, far] = await learned(t, way);
      assert.equal(writeDirectly(near, 'a\xff\0b'), 0);
      assert.deepEqual(await once(far, 'data'), ['a\xff\0b']);
      assert.equal(near.writableLength, 0);
    });

    test('what the kernel does not take is told, and leaves before later writes', async (t) => {
      const [near, far] = await learned(t, way);
      far.pause();
      const piece = 'x'.repeat(16_384);
      let pieces = 0;
      let left = 0;
      while (left === 0 && pieces < 4096) {
        left = writeDirectly(near, piece);
        pieces += 1;
      }
      assert.ok(left > 0, `${pieces} pieces were taken`);
      assert.equal(writeDirectly(near, 'y'), left + 1);
      near.end('z');
      let received = '';
      far.on('data', (text: string) => {
        received += text;
      });
      far.resume();
      await once(far, 'end');
      assert.equal(received.length, pieces * piece.length + 2);
      assert.ok(received.endsWith('xyz'));
    });

    test('an error ends the socket, with its code', async (t) => {
      const [near, far] = await learned(t, way);
      far.destroy();
      await once(far, 'close');
      near.pause();
      const failed = once(near, 'error');
      // The first write after the end may still be taken.
      const timer = setInterval(() => near.destroyed || writeDirectly(near, 'x'), 1);
      t.after(() => clearInterval(timer));
      const [error] = (await failed) as [NodeJS.ErrnoException];
      assert.match(error.code ?? '', /^(EPIPE|ECONNRESET)$/);
      assert.equal(near.destroyed, true);
    });
  });
}
