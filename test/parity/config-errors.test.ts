import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NO_MEANING } from '../../proxy/config/no-meaning.ts';
import { mainRows } from '../../proxy/main-conf.ts';
import { HTTP_MODULES } from '../../proxy/modules/order.ts';
import { type ConfigCase, loadCases, runCase, type TestFile } from '../configs/cases.ts';
import { testWithProxy } from '../configs/directive-cases.ts';
import { testWithProgram } from '../configs/fronts.ts';

const NGINX = '/usr/sbin/nginx';
const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'tandem-proxy.js');
const cases = loadCases();

/** Why there is no oracle, or undefined where there is one. A missing one fails in CI. */
function missing(): string | undefined {
  const isThere = spawnSync(NGINX, ['-v']).status === 0;
  if (isThere) return undefined;
  assert.notEqual(process.env['CI'], 'true', `${NGINX} is missing: npm run peers`);
  return `${NGINX} is missing: install it with npm run peers`;
}

/** Runs golden cases on a front; `skip` says why it cannot answer for one. */
function checkCases(
  which: readonly ConfigCase[],
  front: TestFile,
  skip: (config: ConfigCase) => string | undefined,
): void {
  for (const config of which) {
    const reason = skip(config);
    it(`${config.source}: ${config.name}`, reason === undefined ? {} : { skip: reason }, () => {
      runCase(config, front);
    });
  }
}

/** Every directive the proxy takes. */
const ours = new Set(
  [mainRows.rows, NO_MEANING, ...HTTP_MODULES.map(({ directives }) => directives)]
    .flat()
    .map(({ name }) => name),
);

/** Why the proxy is not asked: the first directive of the case that it does not have. */
function lacking({ needs }: ConfigCase): string | undefined {
  const name = needs.find((need) => !ours.has(need));
  return name === undefined ? undefined : `the proxy has no "${name}"`;
}

describe('nginx says of every golden configuration what Tandem says, word for word', () => {
  const reason = missing();
  checkCases(cases, testWithProgram(NGINX), (config) => reason ?? config.notNginx);

  it('and more than sixty of them are broken', () => {
    const broken = cases.filter(
      (config) => config.notNginx === undefined && config.expected.some((m) => m.startsWith('[e')),
    );
    assert.ok(broken.length > 60, `${broken.length} are broken`);
  });
});

describe('the whole proxy says it too, with the rows of its modules', () => {
  checkCases(cases, testWithProxy, lacking);

  it('and has the directives of nearly all of them', () => {
    const skipped = cases.filter((config) => lacking(config) !== undefined);
    assert.ok(skipped.length < 3, skipped.map(({ name }) => name).join('; '));
  });
});

describe('tandem-proxy -t prints it', () => {
  // Each is a process of its own: what the command line and the order of messages add, and no more.
  const few = cases.filter(
    ({ commandLine, expected }) => commandLine !== undefined || expected.length > 1,
  );
  checkCases(few, testWithProgram(process.execPath, [LAUNCHER]), lacking);

  it('for some that warn and then fail', () => {
    assert.ok(
      few.some(({ expected }) => expected.some((m) => m.startsWith('[e')) && expected.length > 1),
    );
  });
});
