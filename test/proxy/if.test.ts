/** if and set: conditions, and what the settings of a block mean. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { judge, startProxy } from '../harness/proxy.ts';
import { get } from '../harness/raw-client.ts';

const HTTP = `
server {
  listen 127.0.0.1:8080;
  root files;
  if ($http_x_blocked) { return 403 "blocked"; }
  set $from_server "$arg_v!";
  location /conditions {
    set $said "";
    if ($arg_v) { set $said "\${said}T"; }
    if ($arg_v = yes) { set $said "\${said}="; }
    if ($arg_v != yes) { set $said "\${said}!"; }
    if ($arg_v ~ ^(y.)) { set $said "\${said}~$1"; }
    if ($arg_v ~* ^(Y.)) { set $said "\${said}*$1"; }
    if ($arg_v !~ ^y) { set $said "\${said}^"; }
    return 200 $said;
  }
  location /files {
    set $said "";
    if (-f $document_root/$arg_v) { set $said "\${said}f"; }
    if (-d $document_root/$arg_v) { set $said "\${said}d"; }
    if (-e $document_root/$arg_v) { set $said "\${said}e"; }
    if (!-e $document_root/$arg_v) { set $said "\${said}!e"; }
    if (!-x $document_root/$arg_v) { set $said "\${said}!x"; }
    return 200 $said;
  }
  location /root { if ($arg_v) { root other; } }
  location /stop { if ($arg_v) { break; } return 200 "went on"; }
  location /named { if ($arg_v ~ "^(?<first>.)") { } return 200 "$first"; }
  location /server { return 200 $from_server; }
  location /unset { return 200 "[$never]"; }
  location /sets { set $never 1; }
}
`;

const FILES = { 'files/root': 'from files', 'other/root': 'from other', 'files/one/two': '' };

suite('if', () => {
  let front: Front;
  before(async () => {
    front = await startProxy(HTTP, { files: FILES });
  });
  after(() => front.stop());

  async function content(path: string): Promise<string> {
    return (await front.ask(get(path))).content;
  }

  test('an empty value and "0" are false', async () => {
    assert.equal(await content('/conditions'), '!^');
    assert.equal(await content('/conditions?v=0'), '!^');
    assert.equal(await content('/conditions?v=00'), 'T!^');
  });

  test('comparisons and expressions see the value, captures follow', async () => {
    assert.equal(await content('/conditions?v=yes'), 'T=~ye*ye');
    assert.equal(await content('/conditions?v=Yes'), 'T!*Ye^');
  });

  test('files are looked at', async () => {
    assert.equal(await content('/files?v=root'), 'fe!x');
    assert.equal(await content('/files?v=one'), 'de');
    assert.equal(await content('/files?v=absent'), '!e!x');
  });

  test('settings of the block hold where it applies', async () => {
    assert.equal(await content('/root'), 'from files');
    assert.equal(await content('/root?v=1'), 'from other');
  });

  test('break ends the list and leaves the location to its content', async () => {
    assert.equal(await content('/stop'), 'went on');
    assert.equal((await front.ask(get('/stop?v=1'))).status, 404);
  });

  test('named captures are variables', async () => {
    assert.equal(await content('/named?v=xyz'), 'x');
    assert.equal(await content('/named'), '');
  });

  test('conditions of the server hold before any location', async () => {
    const reply = await front.ask(get('/root', 'X-Blocked: 1'));
    assert.deepEqual([reply.status, reply.content], [403, 'blocked']);
    assert.equal(await content('/server?v=a'), 'a!');
  });

  test('a variable set elsewhere is empty, and the log says so once per request', async () => {
    assert.equal(await content('/unset'), '[]');
    const isSaid = (line: string): boolean => line.includes('using uninitialized "never" variable');
    const lines = await front.lines('error.log', (all) => all.some(isSaid));
    assert.equal(lines.filter(isSaid).length, 1);
  });
});

test('a condition without parentheses is refused in the words of nginx', () => {
  const { lines } = judge('server {\n  if $uri { return 200; }\n}');
  assert.equal(lines[0], 'nginx: [emerg] invalid condition "$uri" in nginx.conf:2');
});

test('a built-in variable cannot be set', () => {
  const { lines } = judge('server {\n  set $uri /;\n}');
  assert.equal(lines[0], 'nginx: [emerg] the duplicate "uri" variable in nginx.conf:2');
});
