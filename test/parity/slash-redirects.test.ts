/** Redirects to the name with a slash: of proxied locations and of folders, beside Debian's nginx. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';
import { answering, response, upstreamFor } from '../proxy/upstream-servers.ts';

/** What may stand in a name; each is tried at the end of `auto`. */
const SPECIALS = [...' !"#$%&\'()*+,-.:;<=>?@[\\]^_`{|}~', '\x01', '\x7f', '\x80', '\xe9', '\xff'];

const NAMES = SPECIALS.map((special) => `/auto${special}x`);

function quoted(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&')}/"`;
}

function escaped(name: string): string {
  return [...name]
    .map((each) =>
      /[\w/]/.test(each) ? each : `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
    .join('');
}

const FILES = Object.fromEntries(
  NAMES.map((name) => [`files${name.replace('auto', 'dir')}/f`, 'f']),
);

suite('redirects to a slash', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];
  before(async () => {
    const upstream = await upstreamFor(
      { after: (hook) => hooks.push(hook) },
      answering((request) => response(200, request.split(' HTTP/1.', 1)[0]!)),
    );
    const pass = `proxy_pass http://127.0.0.1:${upstream.port}`;
    pair = await startPair(
      `server { listen 127.0.0.1:8080; root files; port_in_redirect off;
        ${NAMES.map((name) => `location ${quoted(name)} { ${pass}; }`).join('\n')}
        location /relative/ { absolute_redirect off; ${pass}/; }
        location /nested/ { location /nested/in/ { ${pass}; } }
        location ^~ /stop/ { ${pass}; }
        location = /exact/ { ${pass}; }
        location /inner/ { internal; ${pass}; }
        location /small/ { client_max_body_size 1; ${pass}; }
        location /both { return 200 both; }
        location /both/ { ${pass}; }
        location = /taken { return 200 taken; }
        location /taken/ { ${pass}; }
        location ~ ^/regex { return 200 regex; }
        location /regex/ { ${pass}; }
        location /args/ { set $args b=c; ${pass}; }
        location /if/ { if ($arg_a) { ${pass}; } }
        location ~ ^/try(/|$) { try_files $uri @fallback; ${pass}; }
        location /page { try_files $uri $uri.html @fallback; ${pass}; }
        location /page-uri/ { try_files $uri $uri.html @fallback; ${pass}/u/; }
        location /page-folder/ { try_files $uri/ @fallback; ${pass}; }
        location /page-rewritten/ { rewrite ^/page-rewritten/(.*)$ /page/$1 break; try_files $uri.html @fallback; ${pass}; }
        location /page-args/ { set $args x=y; try_files $uri.html @fallback; ${pass}; }
        location /page-last/ { try_files /none /page$uri; ${pass}; }
        location /page-set { set $args $args; try_files $uri.html @fallback; ${pass}/a|b; }
        location @fallback { ${pass}; }
      }`,
      {
        files: {
          ...FILES,
          'files/page.html': '',
          'files/page/in.html': '',
          'files/page/a|b.html': '',
          'files/page-uri/in.html': '',
          'files/page-uri/a|b.html': '',
          'files/page-folder/in/f': '',
          'files/page-args/in.html': '',
          'files/page-args/a|b.html': '',
          'files/page-set.html': '',
        },
      },
    );
  });
  after(async () => {
    await pair?.stop();
    for (const hook of hooks) await hook();
  });

  test('the name of a proxied location is escaped, whatever is in it', async () => {
    for (const name of NAMES) {
      const seen = await assertSame(pair, get(escaped(name)));
      assert.equal(seen.status, 301, name);
      await assertSame(pair, get(`${escaped(name)}?a=b%20c&"d`));
      await assertSame(pair, get(`${escaped(name)}/`));
    }
  });

  test('the name of a folder is escaped, whatever is in it', async () => {
    const folders = NAMES.filter((name) => !/[\x80-\xff]/.test(name)).map(escaped);
    // File names of the test are in UTF-8.
    for (const name of [...folders, '/auto%C3%A9x']) {
      const path = name.replace('auto', 'dir');
      const seen = await assertSame(pair, get(path));
      assert.equal(seen.status, 301, path);
      await assertSame(pair, get(`${path}?a=b%20c&"d`));
    }
  });

  for (const path of [
    '/relative?a',
    '/nested/in',
    '/nested',
    '/stop',
    '/exact',
    '/exact/',
    '/both',
    '/both/x',
    '/taken',
    '/regex',
    '/args?x',
    '/if?a=1',
    '/if/?a=1',
    '//relative',
    '/x/../relative',
    '/%72elative',
  ]) {
    test(`GET ${path}`, () => assertSame(pair, get(path)).then(() => {}));
  }

  test('what a location refuses is refused before its slash is added', async () => {
    await assertSame(pair, get('/inner'));
    await assertSame(pair, get('/small'));
    const upload = get('/small', 'Content-Length: 2').replace('GET', 'POST');
    const { status } = await assertSame(pair, `${upload}xx`);
    assert.equal(status, 413);
  });

  test('a file that try_files found leaves the upstream the target of the client', async () => {
    for (const place of [
      '/page',
      '/p%61ge',
      '/page/in',
      '//page//in',
      '/page/./in?x=%20',
      '/page/%69n',
      '/page/a|b',
      '/page/a%7Cb',
      '/page/none',
      '/page-uri/in',
      '/page-uri/%69n',
      '/page-uri/a|b',
      '/page-uri/a%7Cb?x',
      '/page-folder/in',
      '/page-folder/%69n',
      '/page-rewritten/in',
      '/page-rewritten/a|b',
      '/page-args/in',
      '/page-args/a|b',
      '/page-args/a%7Cb',
      '/page-last/in',
      '/page-last/a|b?x',
      '/page-set?a',
      '/page-set%20?a',
      '/try/none',
      '/try//x%20y',
      'http://localhost/page?x#y',
      'http://localhost?x#y',
    ]) {
      const request = get(place);
      await assertSame(pair, request);
    }
  });
});
