import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCycle } from '../cycle.ts';
import type { Address } from './addresses.ts';

const folder = mkdtempSync(join(tmpdir(), 'addresses-'));
after(() => rmSync(folder, { recursive: true }));

function load(...servers: string[]): {
  addresses: readonly Address[];
  warnings: readonly string[];
} {
  const file = join(folder, 'nginx.conf');
  const blocks = servers.map((text) => `server { ${text} }`).join('\n');
  writeFileSync(file, `events { }\nhttp {\n${blocks}\n}\n`);
  const cycle = loadCycle({ prefix: `${folder}/`, file, directives: '', errorLog: undefined });
  return { addresses: cycle.http?.addresses ?? [], warnings: cycle.warnings };
}

describe('addresses', () => {
  it('share one socket where servers name the same address', () => {
    const { addresses } = load('listen 81; server_name a;', 'listen *:81; server_name b;');
    assert.deepEqual(
      addresses.map(({ listen }) => listen.text),
      ['0.0.0.0:81'],
    );
    assert.equal(addresses[0]?.names.defaultServer.name, 'a');
  });

  it('share the socket of the wildcard unless they ask for their own', () => {
    const shared = load(
      'listen 81; server_name a;',
      'listen 127.0.0.1:81; server_name b;',
    ).addresses;
    assert.equal(shared.length, 1);
    assert.equal(shared[0]?.exact.get('127.0.0.1')?.defaultServer.name, 'b');
    const own = load(
      'listen 81; server_name a;',
      'listen 127.0.0.1:81 bind; server_name b;',
    ).addresses;
    assert.deepEqual(
      own.map(({ listen }) => listen.text),
      ['0.0.0.0:81', '127.0.0.1:81'],
    );
  });

  it('do not mix IPv4 and IPv6, nor ports', () => {
    const { addresses } = load('listen 81;', 'listen [::1]:81;', 'listen 127.0.0.1:82;');
    assert.equal(addresses.length, 3);
  });

  it('have the server that asks for it as default', () => {
    const { addresses } = load(
      'listen 81; server_name a;',
      'listen 81 default_server; server_name b;',
    );
    assert.equal(addresses[0]?.names.defaultServer.name, 'b');
  });

  it('take options from the one server that sets them', () => {
    const { addresses } = load('listen 81;', 'listen 81 backlog=9;');
    assert.equal(addresses[0]?.options.backlog, 9);
  });

  it('warn of a name that is taken', () => {
    const { warnings } = load('listen 81; server_name A;', 'listen 81; server_name a;');
    assert.deepEqual(warnings, ['conflicting server name "a" on 0.0.0.0:81, ignored']);
  });
});
