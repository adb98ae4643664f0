/** How blocks take over what the blocks around them say. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { field, get } from '../harness/raw-client.ts';

const HTTP = `
root outer; index http.html; expires 1h; server_tokens off; etag off;
add_header X-From http; error_page 404 /http.html; default_type x/http; types { x/http-txt txt; }
client_max_body_size 3; gzip on; gzip_types x/http-txt; gzip_min_length 1;
server {
  listen 127.0.0.1:8080;
  location / { }
  location /fields/ { alias outer/; add_header X-Own own; }
  location /pages/ { error_page 500 /x; }
  location /types/ { alias outer/; types { x/own own; } }
  location /body { client_max_body_size 10; return 200 ok; location /body/deep { return 200 ok; } }
  location /tries { try_files /http.html =404; location /tries/deep { } }
  location /internal/ { alias outer/; internal; location /internal/deep/ { } }
  location /tokens { server_tokens on; return 404; error_page 500 /x; }
}
server {
  listen 127.0.0.1:8081; root inner; index inner.html; expires off; etag on; gzip off;
  default_type x/inner;
  location / { }
}`;

suite('inheritance', () => {
  let front: Front;
  before(async () => {
    const files = {
      'outer/http.html': 'outer index',
      'outer/a.txt': 'text',
      'outer/plain': 'plain',
      'inner/inner.html': 'inner index',
      'inner/plain': 'inner plain',
    };
    front = await startProxy(HTTP, { files });
  });
  after(() => front.stop());

  test('what a level does not say is what the level around says', async () => {
    const index = await front.ask(get('/'));
    assert.equal(index.content, 'outer index');
    assert.equal(field(index, 'x-from'), 'http');
    assert.equal(field(index, 'cache-control'), 'max-age=3600');
    assert.equal(field(index, 'etag'), undefined);
    assert.equal(field(await front.ask(get('/a.txt')), 'content-type'), 'x/http-txt');
    assert.equal(field(await front.ask(get('/plain')), 'content-type'), 'x/http');
    assert.equal((await front.ask(get('/none'))).content, 'outer index');
    const packed = await front.ask(get('/a.txt', 'Accept-Encoding: gzip'));
    assert.equal(field(packed, 'content-encoding'), 'gzip');
  });

  test('what a server says holds in its locations', async () => {
    const index = await front.ask(get('/'), 8081);
    assert.equal(index.content, 'inner index');
    assert.equal(field(index, 'cache-control'), undefined);
    assert.ok(field(index, 'etag') !== undefined);
    assert.equal(field(await front.ask(get('/plain'), 8081), 'content-type'), 'x/inner');
  });

  test('a list that is set replaces the whole list of the level around', async () => {
    const own = await front.ask(get('/fields/plain'));
    assert.deepEqual([field(own, 'x-own'), field(own, 'x-from')], ['own', undefined]);
    assert.match((await front.ask(get('/pages/x'))).content, /<title>404 Not Found/);
    assert.equal(field(await front.ask(get('/types/a.txt')), 'content-type'), 'x/http');
  });

  test('nested locations inherit limits and internal, not try_files', async () => {
    const post = (path: string): string =>
      get(path, 'Content-Length: 5').replace('GET', 'POST').concat('12345');
    assert.equal((await front.ask(post('/'))).status, 413);
    assert.equal((await front.ask(post('/body'))).status, 200);
    assert.equal((await front.ask(post('/body/deep'))).status, 200);
    assert.equal((await front.ask(get('/tries'))).content, 'outer index');
    assert.equal((await front.ask(get('/tries/deep'))).status, 404);
    assert.equal((await front.ask(get('/internal/deep/plain'))).status, 404);
  });

  test('server_tokens names the version where it is on', async () => {
    assert.equal(field(await front.ask(get('/plain')), 'server'), 'tandem');
    const page = await front.ask(get('/tokens'));
    assert.match(field(page, 'server') ?? '', /^tandem\/\d/);
    assert.match(page.content, /<center>tandem\/\d/);
  });
});
