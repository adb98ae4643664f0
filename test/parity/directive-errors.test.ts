import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeCase, loadDirectiveCases } from '../configs/directive-cases.ts';
import { testWithProgram } from '../configs/fronts.ts';
import { lacksNginx } from '../harness/nginx.ts';

const nginx = testWithProgram('/usr/sbin/nginx');

describe('nginx says of directives what their cases say', { skip: lacksNginx() }, () => {
  const byFile = Map.groupBy(loadDirectiveCases(), ({ source }) => source);
  for (const [source, cases] of byFile) {
    it(`${source}: ${cases.length} cases`, () => {
      for (const config of cases) {
        if (!config.isNginx) continue;
        assert.deepEqual(judgeCase(config, nginx), config.expected, config.line);
      }
    });
  }
});
