/** What the pool does where the system allows it few open files. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { startPool } from './pool-process.ts';

const APPS = {
  'a fetch application':
    "import { readFileSync } from 'node:fs'; export default { fetch: () => new Response(readFileSync('app.mjs')) };",
  'a listener':
    "import { readFileSync } from 'node:fs'; export default (req, res) => res.end(readFileSync('app.mjs'));",
};

for (const [kind, code] of Object.entries(APPS)) {
  test(`clients of ${kind} beyond the open files wait, and it is said once`, async (t) => {
    const files = { 'app.mjs': code };
    const pool = await startPool(t, { files, args: ['app', '--keep-alive', '60'], openFiles: 64 });
    const idle: Socket[] = [];
    for (let count = 0; count < 100; count += 1) {
      const socket = await pool.connected();
      socket.on('error', (error) => assert.fail(`an idle client was dropped: ${error.message}`));
      idle.push(socket);
    }
    await pool.sees(/\[CRITICAL\] accept4\(\) failed \(24: Too many open files\)/);
    const late = pool.ask('/');
    const [first] = idle;
    first?.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = await once(first!, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 200 /);
    for (const socket of idle) socket.destroy();
    assert.equal((await late).text, code);
    assert.equal([...pool.log.matchAll(/accept4/g)].length, 1, pool.log);
  });
}
