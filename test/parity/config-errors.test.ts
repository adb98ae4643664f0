import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { loadCases, runCase, type TestFile } from '../configs/cases.ts';
import { testWithProgram } from '../configs/fronts.ts';

const NGINX = '/usr/sbin/nginx';
const cases = loadCases();

/** Why there is no oracle, or undefined where there is one. A missing one fails in CI. */
function missing(): string | undefined {
  const isThere = spawnSync(NGINX, ['-v']).status === 0;
  if (isThere) return undefined;
  assert.notEqual(process.env['CI'], 'true', `${NGINX} is missing: npm run peers`);
  return `${NGINX} is missing: install it with npm run peers`;
}

/** Runs every golden case that `front` can answer for. */
function checkCases(front: TestFile, skip: string | undefined): void {
  for (const config of cases) {
    const reason = skip ?? config.notNginx;
    it(`${config.source}: ${config.name}`, reason === undefined ? {} : { skip: reason }, () => {
      runCase(config, front);
    });
  }
}

describe('nginx says of every golden configuration what Tandem says, word for word', () => {
  checkCases(testWithProgram(NGINX), missing());

  it('and more than sixty of them are broken', () => {
    const broken = cases.filter(
      (config) => config.notNginx === undefined && config.expected.some((m) => m.startsWith('[e')),
    );
    assert.ok(broken.length > 60, `${broken.length} are broken`);
  });
});
