/** The configuration that Debian's package of nginx brings, whole and unchanged. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { loadCycle } from '../../proxy/cycle.ts';

const FILE = '/etc/nginx/nginx.conf';

test('Debian’s own nginx.conf loads with its default site', {
  skip: !existsSync(FILE) && 'no nginx of Debian is installed: npm run peers',
}, () => {
  const warnings: string[] = [];
  const cycle = loadCycle(
    { prefix: '/usr/share/nginx/', file: FILE, directives: '', errorLog: undefined },
    (text) => warnings.push(text),
  );
  assert.deepEqual(
    warnings.filter((text) => !text.startsWith('the "user" directive')),
    [],
  );
  assert.ok((cycle.http?.addresses.length ?? 0) > 0, 'the default site listens');
});
