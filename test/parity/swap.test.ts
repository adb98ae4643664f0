/**
 * Either tier is swapped for its original: ours and Debian's nginx, each before our pool and before
 * Debian's Gunicorn with the same polls in Django. The fronts run the project's nginx.conf.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksDjango } from '../harness/gunicorn.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { CASES } from './swap/cases.ts';
import { askAll, complaintsOf } from './swap/compare.ts';
import { type Stacks, startStacks } from './swap/stacks.ts';

suite('either tier swapped for nginx or Gunicorn', { skip: lacksNginx() || lacksDjango() }, () => {
  let stacks: Stacks;
  before(async () => {
    stacks = await startStacks();
  });
  after(() => stacks?.stop());

  for (const each of CASES) {
    test(`${each.name} is answered alike by all four`, async () => {
      assert.deepEqual(complaintsOf(each, await askAll(stacks.all, each)), []);
    });
  }
});
