/** rewrite: paths, arguments, captures and redirects. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { field, get } from '../harness/raw-client.ts';

const HTTP = `
server {
  listen 127.0.0.1:8080;
  rewrite ^/server/(.*)$ /seen/$1;
  location /seen { return 200 "$uri|$args"; }
  location /last/ { rewrite ^/last/(.*)$ /seen/$1 last; return 500; }
  location /break/ { rewrite ^/break/(.*)$ /seen/$1 break; rewrite ^ /never; root absent; }
  location /on/ { rewrite ^/on/(.*)$ /two/$1; rewrite ^/two/(.*)$ /seen/$1; }
  location /args/ { rewrite ^/args/(.*)$ /seen?path=$1 last; }
  location /drop/ { rewrite ^/drop/(.*)$ /seen/$1? last; }
  location /moved/ { rewrite ^/moved/(.*)$ /to/$1 permanent; }
  location /found/ { rewrite ^/found/(.*)$ https://example.org/$1; }
  location /cycle { rewrite ^ /cycle last; }
  location /line/ { rewrite ^/line/([^?]*) http://example.org/$1 redirect; }
}
`;

suite('rewrite', () => {
  let front: Front;
  before(async () => {
    front = await startProxy(HTTP);
  });
  after(() => front.stop());

  async function content(path: string): Promise<string> {
    return (await front.ask(get(path))).content;
  }

  test('rewrites of the server come before the location is chosen', async () => {
    assert.equal(await content('/server/a?b=c'), '/seen/a|b=c');
  });

  test('last chooses a location anew', async () => {
    assert.equal(await content('/last/a%20b'), '/seen/a b|');
  });

  test('break stays in its location', async () => {
    assert.equal((await front.ask(get('/break/a'))).status, 404);
    const isSaid = (line: string): boolean => line.includes('/absent/seen/a" failed');
    await front.lines('error.log', (lines) => lines.some(isSaid));
  });

  test('without a flag the next rewrite sees the new path', async () => {
    assert.equal(await content('/on/a'), '/seen/a|');
  });

  test('arguments of the request follow those of the replacement', async () => {
    assert.equal(await content('/args/a?b=c'), '/seen|path=a&b=c');
  });

  test('a question mark at the end drops the arguments of the request', async () => {
    assert.equal(await content('/drop/a?b=c'), '/seen/a|');
  });

  test('a capture of an escaped path is escaped again in arguments', async () => {
    assert.equal(await content('/args/a%26b%20c'), '/seen|path=a%26b%20c');
    assert.equal(await content('/args/a&b'), '/seen|path=a&b');
  });

  test('permanent and a URL redirect, the arguments included', async () => {
    const moved = await front.ask(get('/moved/a?b'));
    assert.equal(moved.status, 301);
    assert.equal(field(moved, 'location'), `http://localhost:${front.port()}/to/a?b`);
    const found = await front.ask(get('/found/a?b'));
    assert.equal(found.status, 302);
    assert.equal(field(found, 'location'), 'https://example.org/a?b');
  });

  test('a line end in the path adds no field to a redirect', async () => {
    const reply = await front.ask(get('/line/%0d%0aX-Injected:%20yes'));
    assert.equal(field(reply, 'x-injected'), undefined);
    assert.match(field(reply, 'location') ?? '', /^http:\/\/example\.org\/%0D%0AX-Injected:/i);
  });

  test('the eleventh search for a location is an error', async () => {
    assert.equal((await front.ask(get('/cycle'))).status, 500);
    const isSaid = (line: string): boolean =>
      line.includes('rewrite or internal redirection cycle while processing "/cycle"');
    await front.lines('error.log', (lines) => lines.some(isSaid));
  });
});
