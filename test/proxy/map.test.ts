/** map: how a value finds its entry. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { judge, startProxy } from '../harness/proxy.ts';
import { get } from '../harness/raw-client.ts';

const HTTP = `
map $arg_v $found {
  default    other;
  one        first;
  ""         nothing;
  ~^a(.*)z$  "from a to z: $1";
  ~*^b(?<rest>.*) "b and $rest";
  \\default   "the word";
  include    more.map;
}
map $http_upgrade $connection_upgrade { default upgrade; "" close; }
map $host $site { hostnames; .example.org example; mail.* mail; default none; }
map "$arg_v-$arg_w" $both { 1-2 yes; }
server {
  listen 127.0.0.1:8080;
  location / { return 200 "$found"; }
  location /both { return 200 "[$both]"; }
  location /site { return 200 "$site"; }
  location /upgrade { return 200 "$connection_upgrade"; }
}
`;

suite('map', () => {
  let front: Front;
  before(async () => {
    front = await startProxy(HTTP, { files: { 'more.map': 'two second;\n' } });
  });
  after(() => front.stop());

  async function content(path: string, ...lines: string[]): Promise<string> {
    return (await front.ask(get(path, ...lines))).content;
  }

  test('strings, the empty one and the default', async () => {
    assert.equal(await content('/?v=ONE'), 'first');
    assert.equal(await content('/'), 'nothing');
    assert.equal(await content('/?v=what'), 'other');
    assert.equal(await content('/?v=default'), 'the word');
    assert.equal(await content('/?v=two'), 'second');
  });

  test('expressions give captures to the value', async () => {
    assert.equal(await content('/?v=a-z'), 'from a to z: -');
    assert.equal(await content('/?v=Bcd'), 'b and cd');
  });

  test('several variables make one value, and no entry an empty one', async () => {
    assert.equal(await content('/both?v=1&w=2'), '[yes]');
    assert.equal(await content('/both?v=2&w=1'), '[]');
  });

  test('host names with wildcards', async () => {
    assert.equal(await content('/site', 'Host: example.org'), 'example');
    assert.equal(await content('/site', 'Host: a.b.Example.org'), 'example');
    assert.equal(await content('/site', 'Host: mail.test'), 'mail');
    assert.equal(await content('/site', 'Host: test'), 'none');
  });

  test('the map of WebSocket upgrades', async () => {
    assert.equal(await content('/upgrade'), 'close');
    assert.equal(await content('/upgrade', 'Upgrade: websocket'), 'upgrade');
  });
});

test('two entries for a key are refused', () => {
  const { lines } = judge('map $uri $x {\n  a 1;\n  A 2;\n}');
  assert.equal(lines[0], 'nginx: [emerg] conflicting parameter "a" in nginx.conf:3');
});
