/** allow, deny and the real_ip directives under Debian's nginx and under ours. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, assertSameJudgement, type Pair, startPair } from '../harness/parity.ts';
import { ask, get } from '../harness/raw-client.ts';

const WHO = 'return 200 "$remote_addr $remote_port $realip_remote_addr $binary_remote_addr";';

const HTTP = `
server {
  listen 127.0.0.1:8080;
  listen unix:front.sock;
  root files;
  location /all/ { allow all; }
  location /none/ { deny all; }
  location /here/ { allow 127.0.0.1; deny all; }
  location /net/ { deny 127.0.0.0/8; }
  location /first/ { deny 127.0.0.1; allow all; }
  location /unix/ { allow unix:; deny all; }
  location /not-unix/ { deny unix:; }
  location /inet6/ { allow ::1; deny 2001:db8::/32; }
  location /outer/ { deny all; location /outer/inner/ { allow all; } location /outer/same/ { } }
  location /any/ { satisfy any; deny all; }
  location /page/ { deny all; error_page 403 /all/x; }
}
server {
  listen 127.0.0.1:8081;
  listen unix:real.sock;
  set_real_ip_from 127.0.0.1;
  set_real_ip_from 10.0.0.0/8;
  set_real_ip_from 2001:db8::/32;
  set_real_ip_from unix:;
  real_ip_header X-Forwarded-For;
  location / { ${WHO} }
  location /recursive { real_ip_recursive on; ${WHO} }
  location /denied { deny 198.51.100.0/24; deny 2001:db8:1::/48; root files; }
}
server {
  listen 127.0.0.1:8082;
  set_real_ip_from 127.0.0.1;
  location / { proxy_set_header X y; root files; allow 198.51.100.1; deny all; }
}
server {
  listen 127.0.0.1:8083;
  real_ip_recursive on;
  real_ip_header X-Client;
  location /trusting { set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8; root files; allow 198.51.100.1; deny all; }
  location /other { set_real_ip_from 192.0.2.0/24; root files; deny 198.51.100.1; }
}
`;

const FILES = Object.fromEntries(
  ['all', 'none', 'here', 'net', 'first', 'unix', 'not-unix', 'inet6', 'outer', 'any', 'page']
    .flatMap((name) => [`files/${name}/x`, `files/${name}/inner/x`, `files/${name}/same/x`])
    .concat('files/denied', 'files/trusting', 'files/other', 'files/x')
    .map((name) => [name, 'content']),
);

suite('addresses of clients', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
  });
  after(() => pair.stop());

  const names = ['all', 'none', 'here', 'net', 'first', 'unix', 'not-unix', 'inet6', 'any', 'page'];
  for (const path of [...names, 'outer', 'outer/inner', 'outer/same']) {
    test(`/${path}/ lets a TCP client in or keeps it out`, async () => {
      await assertSame(pair, get(`/${path}/x`));
    });
    test(`/${path}/ lets a client of the Unix socket in or keeps it out`, async () => {
      const [theirs, ours] = await Promise.all(
        [pair.nginx, pair.tandem].map((front) =>
          ask(join(front.folder, 'front.sock'), get(`/${path}/x`)),
        ),
      );
      assert.equal(ours?.status, theirs?.status);
    });
  }

  test('a refusal is logged in the same words', async () => {
    await assertSame(pair, get('/none/x'));
    const [theirs, ours] = await Promise.all(
      [pair.nginx, pair.tandem].map(async (front) => {
        const isSaid = (line: string): boolean => line.includes('"GET /none/x');
        const lines = await front.lines('error.log', (all) => all.some(isSaid));
        return lines.find(isSaid)?.replace(/^.{19} (\[\w+\]) \d+#\d+: \*\d+/, '$1');
      }),
    );
    assert.equal(ours, theirs);
  });

  const lists = [
    '198.51.100.7',
    '198.51.100.7:1234',
    '[2001:DB8:1:0::7]:443',
    '2001:db8:1::7',
    '[::1]',
    'unknown',
    '',
    ' , ,',
    '203.0.113.1, 198.51.100.7, 10.1.2.3',
    '203.0.113.1,198.51.100.7,10.1.2.3,10.2.3.4 ',
    'junk, 10.1.2.3',
    '10.9.9.9, 10.1.2.3',
    '::ffff:198.51.100.7',
    '198.51.100.7, 2001:db8::1',
    '1.2.3.4:0',
    '1.2.3.4:99999',
    '1.2.3',
  ];
  for (const list of lists) {
    test(`X-Forwarded-For: ${list}`, async () => {
      for (const path of ['/', '/recursive', '/denied']) {
        const request = get(path, 'Host: localhost', `X-Forwarded-For: ${list}`);
        const [theirs, ours] = await Promise.all(
          [pair.nginx, pair.tandem].map((front) => answerOf(front.port(8081), request)),
        );
        assert.equal(ours, theirs, path);
      }
    });
  }

  test('two X-Forwarded-For fields are one list', async () => {
    const lines = ['X-Forwarded-For: 203.0.113.1, 10.0.0.9', 'X-Forwarded-For: 10.0.0.8'];
    for (const path of ['/', '/recursive']) {
      const request = get(path, ...lines);
      const [theirs, ours] = await Promise.all(
        [pair.nginx, pair.tandem].map((front) => answerOf(front.port(8081), request)),
      );
      assert.equal(ours, theirs, path);
    }
  });

  test('a client of a trusted Unix socket is replaced', async () => {
    const request = get('/', 'X-Forwarded-For: 198.51.100.7');
    const [theirs, ours] = await Promise.all(
      [pair.nginx, pair.tandem].map(async (front) => {
        const { content } = await ask(join(front.folder, 'real.sock'), request);
        return content;
      }),
    );
    assert.equal(ours, theirs);
  });

  test('X-Real-IP is read unless another field is named', async () => {
    await assertSame(pair, get('/x', 'X-Real-IP: 198.51.100.1'), 8082);
    await assertSame(pair, get('/x', 'X-Real-IP: 198.51.100.2'), 8082);
    await assertSame(pair, get('/x', 'x-real-ip: 198.51.100.1'), 8082);
    await assertSame(pair, get('/x'), 8082);
  });

  test('a location may trust whom its server does not', async () => {
    for (const path of ['/trusting', '/other']) {
      await assertSame(pair, get(path, 'X-Client: 198.51.100.1'), 8083);
      await assertSame(pair, get(path, 'x-client: 198.51.100.1, 10.0.0.1'), 8083);
      await assertSame(pair, get(path, 'X-Client: 198.51.100.2'), 8083);
    }
  });
});

/** Content without the port of the connection, which differs from one to the next. */
async function answerOf(port: number, request: string): Promise<string> {
  const { status, content } = await ask(port, request);
  return `${status} ${content.replace(/^127\.0\.0\.1 \d+/, 'itself')}`.replace(
    /<center>[^<]*<\/center>/g,
    '',
  );
}

const JUDGED = [
  'allow all;',
  'allow unix:;',
  'allow unix;',
  'allow localhost;',
  'deny 10.0.0.1/8;',
  'deny 1.2.3;',
  'deny;',
  'deny a b;',
  'allow ::1/129;',
  'allow 10.0.0.1/33;',
  'allow 10.0.0.0/a;',
  'set_real_ip_from 10.0.0.1/8;',
  'set_real_ip_from unix:;',
  'set_real_ip_from abc/8;',
  'set_real_ip_from 10.0.0.0/99;',
  'set_real_ip_from [::1];',
  'set_real_ip_from unix:x;',
  'set_real_ip_from all;',
  'real_ip_header X; real_ip_header Y;',
  'real_ip_header;',
  'real_ip_recursive maybe;',
];

suite('configurations of addresses', { skip: lacksNginx() }, () => {
  for (const inside of JUDGED) {
    test(inside, () => {
      assertSameJudgement(`server {\n  listen 127.0.0.1:8080;\n  ${inside}\n}`);
    });
  }
});
