import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseVariables, freshDatabase } from './database.ts';
import { runManage } from './manage-process.ts';

const FAILED = 'a line failed; the lines after it were not run\n';

test('a line in a pipe reads the database, and what it gives is printed', async (t) => {
  const environment = databaseVariables(await freshDatabase(t));
  await runManage(environment, ['migrate']);
  await runManage(environment, ['seed']);
  const count = await runManage(environment, ['shell'], 'await countQuestions(database)\n');
  assert.deepEqual(count, { stdout: '5\n', stderr: '', code: 0 });
  const script = `const [first] = await latestQuestions(database, 1)
for (const choice of await choicesOf(database, first.id)) {
  if (choice.votes < 0) console.log('never')
}
reverse('polls:detail', 7)
settings.staticUrl
`;
  const { stdout, code } = await runManage(environment, ['shell'], script);
  assert.deepEqual([stdout, code], ["'/polls/7/'\n'/static/'\n", 0]);
});

test('lines wait for those before them, and there may be many', async () => {
  const lines = Array.from({ length: 40 }, (_, i) =>
    i % 2 === 0 ? `await new Promise((done) => setImmediate(done, ${i}))` : `${i}`,
  );
  const { stdout, stderr, code } = await runManage({}, ['shell'], lines.join('\n'));
  assert.equal(stdout, Array.from({ length: 40 }, (_, i) => `${i}\n`).join(''));
  assert.deepEqual([stderr, code], ['', 0]);
});

test('a line that fails ends the script with exit code 1', async () => {
  for (const line of [
    'throw new Error("out of luck")',
    'await Promise.reject(new Error("out of luck"))',
    'out of luck',
  ]) {
    const { stdout, stderr, code } = await runManage({}, ['shell'], `1\n${line}\n'never'\n`);
    assert.match(stdout, /^1\n[\s\S]*Uncaught/, line);
    assert.doesNotMatch(stdout, /never/, line);
    assert.deepEqual([stderr, code], [FAILED, 1]);
  }
});

test('input that ends in the middle of a statement fails', async () => {
  const { stderr, code } = await runManage({}, ['shell'], 'if (true) {\n');
  assert.deepEqual([stderr, code], ['the input ends in the middle of a statement\n', 1]);
});

test('.exit leaves, whatever follows', async () => {
  const left = await runManage({}, ['shell'], '1\n.exit\n2\n');
  assert.deepEqual(left, { stdout: '1\n', stderr: '', code: 0 });
});
