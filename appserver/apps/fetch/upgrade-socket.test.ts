import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Tunnel } from '../../../wire/exchange.ts';
import { UpgradeSocket, type UpgradeSocketOwner } from './upgrade-socket.ts';

const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n';

/** A tunnel that has room as long as the test says so, and notes what is asked of it. */
class NotedTunnel implements Tunnel, UpgradeSocketOwner {
  hasRoom = true;
  readonly notes: string[] = [];
  readonly sizes: number[] = [];

  opened(): Tunnel {
    return this;
  }
  failed(error: Error): void {
    this.notes.push(`failed ${error.message}`);
  }
  abandoned(): void {
    this.notes.push('abandoned');
  }
  write(chunk: Uint8Array | string): boolean {
    this.sizes.push(chunk.length);
    return this.hasRoom;
  }
  end(): boolean {
    this.notes.push('end');
    return this.hasRoom;
  }
  destroy(): void {
    this.notes.push('destroy');
  }
  pause(): void {
    this.notes.push('pause');
  }
  resume(): void {
    this.notes.push('resume');
  }
}

function opened(): { tunnel: NotedTunnel; socket: UpgradeSocket } {
  const tunnel = new NotedTunnel();
  const socket = new UpgradeSocket(tunnel);
  socket.write(HEAD);
  return { tunnel, socket };
}

function give(socket: UpgradeSocket, text: string): void {
  const bytes = Buffer.from(text);
  socket.sink.data(bytes, 0, bytes.length);
}

test('a chunk is given on piece by piece, as there is room', async () => {
  const { tunnel, socket } = opened();
  tunnel.hasRoom = false;
  let isWritten = false;
  socket.write(Buffer.alloc(150_000), () => {
    isWritten = true;
  });
  assert.deepEqual(tunnel.sizes, [65_536]);
  socket.sink.drained();
  assert.deepEqual(tunnel.sizes, [65_536, 65_536]);
  socket.sink.drained();
  assert.deepEqual(tunnel.sizes, [65_536, 65_536, 18_928]);
  await new Promise(setImmediate);
  assert.equal(isWritten, false);
  socket.sink.drained();
  await new Promise(setImmediate);
  assert.equal(isWritten, true);
});

test('it is finished when the kernel has all of it', async () => {
  const { tunnel, socket } = opened();
  tunnel.hasRoom = false;
  let isFinished = false;
  socket.on('finish', () => {
    isFinished = true;
  });
  socket.end();
  await new Promise(setImmediate);
  assert.deepEqual([tunnel.notes, isFinished], [['end'], false]);
  const finished = once(socket, 'finish');
  socket.sink.drained();
  await finished;
});

test('the client waits while nobody reads, and goes on when somebody does', () => {
  const { tunnel, socket } = opened();
  give(socket, 'x'.repeat(socket.readableHighWaterMark));
  assert.deepEqual(tunnel.notes, ['pause']);
  socket.read();
  assert.deepEqual(tunnel.notes, ['pause', 'resume']);
});

test('what came before both sides ended is read after the connection has gone', async () => {
  const { socket } = opened();
  give(socket, 'last words');
  socket.end();
  await once(socket, 'finish');
  socket.sink.end();
  socket.sink.closed();
  let heard = '';
  for await (const piece of socket) heard += piece;
  assert.equal(heard, 'last words');
  assert.equal(socket.destroyed, true);
});

test('a connection that goes with one side open closes the socket', async () => {
  const { tunnel, socket } = opened();
  give(socket, 'unread');
  socket.sink.end();
  socket.sink.closed();
  await once(socket, 'close');
  assert.deepEqual(tunnel.notes, ['destroy']);
});

test('an end that waits is told of a connection that goes', async () => {
  const { tunnel, socket } = opened();
  tunnel.hasRoom = false;
  const ended = Promise.withResolvers<unknown>();
  socket.end(ended.resolve);
  await new Promise(setImmediate);
  socket.sink.closed();
  assert.equal(((await ended.promise) as NodeJS.ErrnoException).code, 'ERR_UPGRADE_CLOSED');
});

test('without a head there is nothing but to abandon it', async () => {
  const owner = new NotedTunnel();
  const socket = new UpgradeSocket(owner);
  socket.write('HTTP/1.1 101 ');
  socket.destroy();
  await once(socket, 'close');
  assert.deepEqual(owner.notes, ['abandoned']);
});

test('an error needs no listener, and is told to the owner once', async () => {
  const { tunnel, socket } = opened();
  socket.destroy(new Error('reason'));
  // Not `once`, which would listen for the error.
  await new Promise((resolve) => socket.on('close', resolve));
  assert.deepEqual(tunnel.notes, ['failed reason', 'destroy']);
});
