import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROWS, visitsOf } from '../rows.ts';
import { makeSite, removeSite } from '../site.ts';
import { ON_REQUEST, PEERS } from './all.ts';
import { haproxy } from './haproxy.ts';
import { nginxWithCache } from './nginx.ts';
import type { Peer, ScenarioName } from './peer.ts';
import { lacksFile, lacksPackage, lacksProgram } from './programs.ts';

function check(peer: Peer, scenario: ScenarioName, flag: string): string {
  const site = makeSite();
  try {
    const folder = join(site.folder, 'peer');
    mkdirSync(folder);
    const command = peer.command({ folder, scenario, site, address: { port: 8099 } });
    const { status, stderr } = spawnSync(command.file, [...command.args, flag]);
    return status === 0 ? '' : String(stderr);
  } finally {
    removeSite(site);
  }
}

test('nginx accepts the file of every scenario', { skip: lacksProgram('nginx') ?? false }, () => {
  const fronts = ROWS.filter((row) => row.role === 'front');
  const scenarios = new Set(fronts.flatMap((row) => visitsOf(row.plan)).map((one) => one.scenario));
  assert.ok(scenarios.has('many'));
  for (const scenario of scenarios) assert.equal(check(nginxWithCache, scenario, '-t'), '');
});

test('HAProxy accepts its file', { skip: lacksProgram('haproxy') ?? false }, () => {
  assert.equal(check(haproxy, 'site', '-c'), '');
});

test('every peer that a row or a target names exists for the role of the row', () => {
  for (const row of ROWS) {
    const known = PEERS.filter((peer) => peer.role === row.role).map((peer) => peer.id);
    const against = row.targets.map((target) => target.against);
    const named = against.filter((one) => one !== 'itself' && one !== 'amount');
    for (const id of [...row.fronts, row.reference, ...named]) {
      assert.ok(known.includes(id), `${row.id}: ${id}`);
    }
  }
  for (const id of ON_REQUEST) assert.ok(PEERS.some((peer) => peer.id === id));
});

test('what is missing is named with the command that brings it', () => {
  assert.equal(lacksProgram('no-such-peer'), 'no-such-peer is not installed: npm run peers');
  assert.equal(lacksPackage('no-such-peer'), 'package no-such-peer is not installed: npm ci');
  assert.equal(lacksFile('bin/no-such-peer.js'), 'bin/no-such-peer.js is not there');
  assert.equal(lacksProgram('sh'), undefined);
});
