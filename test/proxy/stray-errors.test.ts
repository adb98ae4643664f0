/** The last net under a thread of the proxy: what is thrown where no request is known ends nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

/** A thread without listeners, in which a timer, a promise and a callback of the engine's fail. */
const SCRIPT = `
import { setTimeout as pause } from 'node:timers/promises';
const { startThread } = await import(process.argv[1] + '/proxy/worker.ts');
const { reportFault } = await import(process.argv[1] + '/http1/fault.ts');
const [, , prefix] = process.argv;
const thread = startThread({
  data: { prefix, file: prefix + 'nginx.conf', directives: '', errorLog: undefined },
  listeners: [], shared: {}, threadIndex: 0, threadCount: 1, ended: new Int32Array(1),
});
await thread.accept();
setTimeout(() => { throw new Error('stray timer'); });
Promise.reject(new Error('stray promise'));
Promise.reject('no error at all');
reportFault(new Error('stray callback\\nof two lines'));
await pause();
console.log('serves on');
process.exit(0);
`;

test('what nobody catches is on the error log, and the thread serves on', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-stray-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'nginx.conf'), 'events {} http { error_log stderr; }');
  const root = join(import.meta.dirname, '..', '..');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', SCRIPT, root, `${folder}/`],
    { encoding: 'utf8', timeout: 60_000 },
  );
  assert.deepEqual([status, stdout], [0, 'serves on\n'], stderr);
  assert.match(stderr, /^.* \[alert\] \d+#0: exception Error: stray callback of two lines at /m);
  assert.match(stderr, /^.* \[alert\] \d+#0: exception Error: stray timer at /m);
  assert.match(stderr, /^.* \[alert\] \d+#0: exception Error: stray promise at /m);
  assert.match(stderr, /^.* \[alert\] \d+#0: exception .*no error at all/m);
});
