/** An error outside of any call has its worker replaced, and nobody is left without an answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool } from '../pool-process.ts';

const STRAY = `function stray(url) {
  if (url.endsWith('/timer')) setTimeout(() => { throw new Error('stray timer'); });
  if (url.endsWith('/promise')) Promise.reject(new Error('stray promise'));
}`;
const APPS = {
  fetch: `${STRAY} export default { fetch(request) { stray(request.url); return new Response(String(process.pid)); } };`,
  '(req, res)': `${STRAY} export default (req, res) => { stray(req.url); res.end(String(process.pid)); };`,
};

for (const [kind, source] of Object.entries(APPS)) {
  test(`an error outside of any call has the worker of a ${kind} application replaced`, async (t) => {
    const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
    for (const path of ['/timer', '/promise']) {
      const { text: before } = await pool.ask('/');
      assert.equal((await pool.ask(path)).text, before);
      await pool.sees(new RegExp(`Error: stray ${path.slice(1)}\\n +at .*app\\.mjs:\\d+`));
      let after = before;
      while (after === before) after = (await pool.ask('/')).text;
      assert.match(after, /^\d+$/);
    }
  });
}
