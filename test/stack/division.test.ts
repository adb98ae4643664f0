/** Who answers what: files come from the proxy's disk alone, the text of pages from the pool. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ask, field, get } from '../harness/raw-client.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

/** The pool's line of a request that is sent last: when it is there, so are all before it. */
const LAST = /^app {4}\| .*"GET \/polls\/\?last /m;

suite('the division of work', () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack?.stop());

  test('the pool hears of no request for a file, found or not', async () => {
    const port = stack.folder.port();
    for (const path of ['/static/site.css', '/static/polls/polls.css', '/favicon.ico']) {
      const answer = await ask(port, get(path));
      assert.equal(answer.status, 200);
      // The validator of a file on disk.
      assert.match(field(answer, 'etag') ?? '', /^"[0-9a-f]+-[0-9a-f]+"$/);
    }
    assert.equal((await ask(port, get('/static/gone.css'))).status, 404);
    assert.equal((await ask(port, get('/static/errors/unavailable.en.html'))).status, 404);
    await ask(port, get('/polls/?last'));
    await stack.program.sees(LAST);
    const heard = stack.program.lines.filter((line) => /^app .*" \d{3} /.test(line));
    assert.deepEqual(
      heard.filter((line) => /static|favicon/.test(line)),
      [],
    );
  });

  test('the text of a page comes from the pool, which hears whose request it is', async () => {
    const path = '/polls/4/?whose';
    const page = await ask(stack.folder.port(), get(path, 'Host: example.test', 'User-Agent: eye'));
    assert.match(page.content, /Tabs or spaces\?/);
    await stack.program.sees(/^app {4}\| .*"GET \/polls\/4\/\?whose HTTP\/1.1" 200 \d+ "-" "eye"/m);
  });

  test('the access log of the proxy has a time of the pool for pages alone', async () => {
    const entries = () => {
      const lines = stack.folder.read('run/access.log').split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line));
    };
    const find = (path: string) =>
      until(
        () => entries().find(({ request }) => request === `GET ${path} HTTP/1.1`),
        (entry) => entry !== undefined,
        `the line of ${path} in the access log`,
      );
    const file = await find('/static/site.css');
    assert.equal(file.upstream_seconds, '');
    assert.equal(typeof file.seconds, 'number');
    assert.match((await find('/polls/4/?whose')).upstream_seconds, /^\d+\.\d{3}$/);
  });
});
