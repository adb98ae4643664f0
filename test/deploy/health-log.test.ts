/** The health checks of the containers, which come every five seconds, stay out of the access log. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Program } from '../harness/program.ts';
import { ask, get } from '../harness/raw-client.ts';
import { makeSiteFolder, PROJECT } from '../harness/site-folder.ts';

test('the front logs visitors, and not the check of its container', async (t) => {
  const folder = await makeSiteFolder({ database: false });
  folder.write('run/here', '');
  const proxy = new Program(process.execPath, [join(PROJECT, 'bin/tandem-proxy.js')], {
    cwd: folder.path,
    env: folder.env,
  });
  t.after(async () => {
    await proxy.stop();
    folder.remove();
  });
  await proxy.sees(/\[notice\].* listening on 127\.0\.0\.1:\d+/);
  const health = join(PROJECT, 'deploy/docker/health.js');
  const url = `http://127.0.0.1:${folder.port()}/favicon.ico`;
  await promisify(execFile)(process.execPath, [health, url]);
  assert.equal((await ask(folder.port(), get('/favicon.ico'))).status, 200);
  // QUIT writes what is due.
  await proxy.stop('SIGQUIT');
  const lines = folder.read('run/access.log').split('\n').filter(Boolean);
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.doesNotMatch(lines[0] ?? '', /tandem-health/);
});
