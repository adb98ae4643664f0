import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultListen, readListen } from './listen.ts';

function read(...args: string[]) {
  return readListen({ name: 'listen', args, file: 'nginx.conf', line: 1 });
}

function addresses(...args: string[]): string[] {
  return read(...args).map(({ address }) => address.text);
}

describe('listen', () => {
  it('takes ports, addresses, stars, names of this machine and sockets', () => {
    assert.deepEqual(addresses('8080'), ['0.0.0.0:8080']);
    assert.deepEqual(addresses('*:8080'), ['0.0.0.0:8080']);
    assert.deepEqual(addresses('127.0.0.1'), ['127.0.0.1:80']);
    assert.deepEqual(addresses('localhost:81'), ['127.0.0.1:81']);
    assert.deepEqual(addresses('[::]:8080'), ['[::]:8080']);
    assert.deepEqual(addresses('[::1]'), ['[::1]:80']);
    assert.deepEqual(addresses('unix:/run/x.sock'), ['unix:/run/x.sock']);
  });

  it('takes a range of ports', () => {
    assert.deepEqual(addresses('8000-8002'), ['0.0.0.0:8000', '0.0.0.0:8001', '0.0.0.0:8002']);
    assert.deepEqual(addresses('[::1]:80-80'), ['[::1]:80']);
    assert.throws(() => addresses('127.0.0.1:9-8'), /invalid port range/);
  });

  it('reads parameters, and knows who set an option', () => {
    const [plain] = read('80', 'default_server');
    assert.ok(plain?.isDefault);
    assert.equal(plain.options.isSet, false);
    assert.equal(plain.options.backlog, 511);
    const [set] = read('[::]:80', 'backlog=7', 'ipv6only=off', 'reuseport');
    assert.deepEqual(set?.options, {
      isSet: true,
      isBind: true,
      backlog: 7,
      isReusePort: true,
      ipv6Only: false,
    });
  });

  it('refuses a path that no socket address can hold', () => {
    assert.throws(() => addresses(`unix:/${'a'.repeat(107)}`), /too long path/);
    assert.equal(addresses(`unix:/${'a'.repeat(106)}`).length, 1);
  });

  it('says what is not supported', () => {
    assert.throws(() => read('443', 'ssl'), /"ssl" parameter of "listen" is not supported/);
    assert.throws(() => read('80', 'so_keepalive=on'), /"so_keepalive" parameter/);
  });

  it('listens on 80, or 8000 where 80 may not be bound, without being told', () => {
    const { address } = defaultListen({ name: 'server', args: [], file: 'nginx.conf', line: 1 });
    assert.equal(address.port, process.geteuid?.() === 0 ? 80 : 8000);
  });
});
