/** return: statuses, texts and redirects. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { judge, startProxy } from '../harness/proxy.ts';
import { converse, field, get } from '../harness/raw-client.ts';

const HTTP = `
types { application/json json; }
default_type text/plain;
server {
  listen 127.0.0.1:8080;
  location = /text { return 200 "host=$host\\n"; }
  location = /data.json { return 200 '{"uri":"$uri"}'; }
  location = /status { return 404; }
  location = /own-text { return 404 "nothing here"; }
  location = /path { return 301 /elsewhere?$args; }
  location = /url { return https://example.org$request_uri; }
  location = /308 { return 308 /there; }
  location = /204 { return 204; }
  location = /page { error_page 403 = /text; return 403; }
  location ~ ^/inject/([^?]*) { return 302 http://example.org/$1; }
  location = /close { return 444; }
}
`;

suite('return', () => {
  let front: Front;
  before(async () => {
    front = await startProxy(HTTP);
  });
  after(() => front.stop());

  test('a text is sent with the type of the path', async () => {
    const text = await front.ask(get('/text', 'Host: Example.org'));
    assert.deepEqual([text.status, text.content], [200, 'host=example.org\n']);
    assert.equal(field(text, 'content-type'), 'text/plain');
    assert.equal(field(text, 'content-length'), '17');
    const data = await front.ask(get('/data.json'));
    assert.equal(field(data, 'content-type'), 'application/json');
    assert.equal(data.content, '{"uri":"/data.json"}');
  });

  test('an error without a text has its page, with one that text', async () => {
    assert.match((await front.ask(get('/status'))).content, /<h1>404 Not Found<\/h1>/);
    const own = await front.ask(get('/own-text'));
    assert.deepEqual([own.status, own.content], [404, 'nothing here']);
  });

  test('a path becomes an absolute redirect, a URL stays', async () => {
    const path = await front.ask(get('/path?a=b'));
    assert.equal(path.status, 301);
    assert.equal(field(path, 'location'), `http://localhost:${front.port()}/elsewhere?a=b`);
    const url = await front.ask(get('/url?a'));
    assert.deepEqual([url.status, field(url, 'location')], [302, 'https://example.org/url?a']);
    assert.equal((await front.ask(get('/308'))).status, 308);
  });

  test('204 has neither content nor type', async () => {
    const reply = await front.ask(get('/204'));
    assert.equal(field(reply, 'content-type'), undefined);
    assert.equal(field(reply, 'content-length'), undefined);
  });

  test('an error page takes over', async () => {
    assert.equal((await front.ask(get('/page'))).content, 'host=localhost\n');
  });

  test('HEAD gets the fields alone', async () => {
    const reply = await front.ask(get('/text').replace('GET', 'HEAD'));
    assert.deepEqual([reply.content, field(reply, 'content-length')], ['', '15']);
  });

  test('444 closes without an answer', async () => {
    assert.equal(await converse(front.port(), get('/close')), '');
  });

  test('a line end in the path adds no field', async () => {
    const reply = await front.ask(get('/inject/%0D%0AX-Injected:%20yes%00'));
    assert.equal(field(reply, 'x-injected'), undefined);
    assert.equal(reply.status, 400, 'NUL is refused');
    const again = await front.ask(get('/inject/%0D%0AX-Injected:%20yes'));
    assert.equal(field(again, 'x-injected'), undefined);
    assert.equal(again.status, 302);
  });
});

test('what is no status is refused', () => {
  const { code, lines } = judge('server {\n  return 20x;\n}');
  assert.equal(code, 1);
  assert.equal(lines[0], 'nginx: [emerg] invalid return code "20x" in nginx.conf:2');
});
