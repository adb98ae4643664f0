/** allow and deny, with the address that real_ip found. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { judge, startProxy } from '../harness/proxy.ts';
import { ask, get } from '../harness/raw-client.ts';

const HTTP = `
log_format who '$remote_addr $realip_remote_addr $status';
access_log who.log who;
server {
  listen 127.0.0.1:8080;
  listen unix:front.sock;
  root files;
  set_real_ip_from 127.0.0.0/8;
  set_real_ip_from unix:;
  set_real_ip_from 10.0.0.0/8;
  real_ip_header X-Forwarded-For;
  location /office/ { allow 192.0.2.0/24; allow 2001:db8::/32; deny all; }
  location /office/open/ { allow all; }
  location /recursive/ { allow 192.0.2.1; deny all; }
  location /socket/ { allow unix:; deny all; }
  location /any/ { satisfy any; allow 192.0.2.1; deny all; }
}
server {
  listen 127.0.0.1:8081;
  root files;
  set_real_ip_from 127.0.0.1;
  set_real_ip_from 10.0.0.0/8;
  real_ip_header X-Forwarded-For;
  real_ip_recursive on;
  location /recursive/ { allow 192.0.2.1; deny all; }
}
server {
  listen 127.0.0.1:8082;
  root files;
  set_real_ip_from 203.0.113.0/24;
  real_ip_header X-Forwarded-For;
  location /office/ { allow 192.0.2.0/24; deny all; }
}
`;

const FILES = {
  'files/office/x': '',
  'files/office/open/x': '',
  'files/recursive/x': '',
  'files/socket/x': '',
  'files/any/x': '',
};

suite('allow and deny', () => {
  let front: Front;
  before(async () => {
    front = await startProxy(HTTP, { files: FILES });
  });
  after(() => front.stop());

  async function status(path: string, forwarded: string, named = 8080): Promise<number> {
    const reply = await front.ask(get(path, `X-Forwarded-For: ${forwarded}`), named);
    return reply.status;
  }

  test('the first rule that fits decides', async () => {
    assert.equal(await status('/office/x', '192.0.2.9'), 200);
    assert.equal(await status('/office/x', '2001:db8::9'), 200);
    assert.equal(await status('/office/x', '::ffff:192.0.2.9'), 200);
    assert.equal(await status('/office/x', '192.0.3.9'), 403);
    assert.equal(await status('/office/x', '2001:db9::9'), 403);
    assert.equal((await front.ask(get('/office/x'))).status, 403);
  });

  test('rules of an inner location replace those around it', async () => {
    assert.equal(await status('/office/open/x', '192.0.3.9'), 200);
  });

  test('an address from a proxy that is not trusted is not believed', async () => {
    assert.equal(await status('/office/x', '192.0.2.9', 8082), 403);
  });

  test('recursion passes over trusted addresses from the right', async () => {
    assert.equal(await status('/recursive/x', '192.0.2.1, 10.0.0.1'), 403);
    assert.equal(await status('/recursive/x', '192.0.2.1, 10.0.0.1', 8081), 200);
    assert.equal(await status('/recursive/x', '192.0.2.1, 192.0.2.2', 8081), 403);
  });

  test('a client of a Unix socket is "unix:" until a field names another', async () => {
    const path = join(front.folder, 'front.sock');
    assert.equal((await ask(path, get('/socket/x'))).status, 200);
    assert.equal((await ask(path, get('/socket/x', 'X-Forwarded-For: 192.0.2.9'))).status, 403);
    assert.equal((await ask(path, get('/office/x', 'X-Forwarded-For: 192.0.2.9'))).status, 200);
    assert.equal(await status('/socket/x', '192.0.2.9'), 403);
  });

  test('a refusal is logged with the address found, also where another way in was left', async () => {
    assert.equal(await status('/any/x', '198.51.100.1'), 403);
    assert.equal(await status('/office/x', '198.51.100.2'), 403);
    const isSaid = (line: string): boolean => line.includes('client: 198.51.100.2');
    const lines = await front.lines('error.log', (all) => all.some(isSaid));
    assert.match(
      lines.find(isSaid)!,
      /\[error\] .* access forbidden by rule, client: 198\.51\.100\.2,/,
    );
    // nginx: ngx_http_core_post_access_phase logs it where no way in was left.
    assert.ok(lines.some((line) => line.includes('rule, client: 198.51.100.1,')));
    const logged = await front.lines('who.log', (all) =>
      all.includes('198.51.100.2 127.0.0.1 403'),
    );
    assert.ok(logged.includes('198.51.100.1 127.0.0.1 403'));
  });
});

test('what Tandem does not do is refused clearly', () => {
  const name = judge('set_real_ip_from localhost;').lines[0] ?? '';
  assert.match(name, /host names in "set_real_ip_from" are not supported by Tandem: "localhost"/);
  const protocol = judge('real_ip_header proxy_protocol;').lines[0] ?? '';
  assert.match(protocol, /"real_ip_header proxy_protocol" is not supported by Tandem/);
});
