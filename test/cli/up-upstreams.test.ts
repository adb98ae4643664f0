/** `tandem up` on files of one's own: the pool is where they lead, and "ready" means ours answers. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { freePorts } from '../harness/ports.ts';
import { Program } from '../harness/program.ts';
import { ask, get } from '../harness/raw-client.ts';
import { PROJECT } from '../harness/site-folder.ts';

const TANDEM = join(PROJECT, 'bin', 'tandem.js');
const answering = (text: string): string =>
  `export default { fetch: () => new Response(${JSON.stringify(text)}) };`;

/** `tandem up` in a folder that holds these files, both gone with the test. */
function up(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  words: readonly string[],
): Program {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem up, größer-')));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const program = new Program(process.execPath, [TANDEM, 'up', ...words], {
    cwd: folder,
    env: { FORCE_COLOR: undefined, WEB_CONCURRENCY: '1', PORT: undefined },
  });
  t.after(async () => {
    await program.stop();
    rmSync(folder, { recursive: true });
  });
  return program;
}

/** `before` is the main level's. */
const conf = (listen: number, http: string, before = ''): string =>
  `${before} pid run/nginx.pid; error_log stderr; events {}
   http { access_log off; ${http.replace('LISTEN', `listen 127.0.0.1:${listen};`)} }`;

suite('tandem up on a file of its own', { concurrency: 2 }, () => {
  test('each upstream is answered by its own application, whatever the file says of daemons', async (t) => {
    const [front = 0, api = 0, web = 0] = await freePorts(3);
    const file = conf(
      front,
      `upstream api { server 127.0.0.1:${api}; }
       server { LISTEN location / { proxy_pass http://127.0.0.1:${web}; } location /api { proxy_pass http://api; } }`,
      'daemon on;',
    );
    const files = { 'nginx.conf': file, 'a.mjs': answering('api'), 'w.mjs': answering('web') };
    const program = up(t, files, ['--app', 'api=a', '--app', 'w']);
    await program.sees(/ready at .*\n/);
    assert.equal((await ask(front, get('/'))).content, 'web');
    assert.equal((await ask(front, get('/api'))).content, 'api');
    assert.deepEqual(
      program.lines.filter((line) => /^tandem \| (the|ready)/.test(line)),
      [
        `tandem | the pool of "api" answers upstream "api" at 127.0.0.1:${api}`,
        `tandem | the pool answers proxy_pass to 127.0.0.1:${web} at 127.0.0.1:${web}`,
        `tandem | ready at http://127.0.0.1:${front}/`,
      ],
    );
    program.signal('SIGINT');
    assert.equal(await program.ended, 0, program.output);
    await assert.rejects(ask(front, get('/')), /ECONNREFUSED/);
  });

  test('a broken application fails first, over TCP as well', async (t) => {
    const [front = 0, api = 0] = await freePorts(2);
    const file = conf(
      front,
      `upstream api { server 127.0.0.1:${api}; } server { LISTEN location / { proxy_pass http://api; } }`,
      'daemon off;',
    );
    const program = up(t, { 'nginx.conf': file }, ['--app', 'nosuch:app']);
    assert.equal(await program.ended, 1);
    assert.doesNotMatch(program.output, /ready at|^proxy/m);
    assert.match(program.output, /tandem \| the pool failed:\n.*nosuch/s);
  });

  test('nobody else is taken for the proxy: a port that went after the look is said to be gone', async (t) => {
    const [front = 0, api = 0] = await freePorts(2);
    const file = conf(
      front,
      `upstream api { server 127.0.0.1:${api}; } server { LISTEN location / { proxy_pass http://api; } }`,
    );
    // The application itself is the stranger, who comes between the look and the proxy's start.
    const thief = `import net from 'node:net';
      await new Promise((done) => net.createServer().listen(${front}, '127.0.0.1', done));
      ${answering('stranger')}`;
    const program = up(t, { 'nginx.conf': file, 'app.mjs': thief }, ['--app', 'app']);
    assert.equal(await program.ended, 1);
    assert.doesNotMatch(program.output, /ready at/);
    assert.match(
      program.output,
      /the proxy failed:\n.*bind\(\) to 127\.0\.0\.1:\d+ failed \(98: Address already in use\)/,
    );
  });

  test('nobody else is taken for the pool', async (t) => {
    const [front = 0, api = 0] = await freePorts(2);
    const file = conf(
      front,
      `upstream api { server 127.0.0.1:${api}; } server { LISTEN location / { proxy_pass http://api; } }`,
    );
    // Settings are read before the pool binds: who listens from there on is in its way.
    const settings = `import net from 'node:net';
      if (process.argv[1].includes('appserver'))
        await new Promise((done) => net.createServer().unref().listen(${api}, '127.0.0.1', done));`;
    const files = {
      'nginx.conf': file,
      'app.mjs': answering('x'),
      'appserver.config.mjs': settings,
    };
    const program = up(t, files, ['--app', 'app']);
    assert.equal(await program.ended, 1);
    assert.doesNotMatch(program.output, /ready at|^proxy/m);
    assert.match(program.output, /the pool failed:\n.*Can't connect to http:\/\/127\.0\.0\.1:\d+/);
  });

  test('who has no nginx.conf yet is told of one to copy', async (t) => {
    const program = up(t, {}, ['--app', 'app']);
    assert.equal(await program.ended, 1);
    const [missing, example, ...others] = program.lines;
    assert.match(missing ?? '', /^tandem \| there is no nginx\.conf in .*größer/);
    const [, path = ''] =
      /^tandem \| to start with an example: cp (\S+) \.$/.exec(example ?? '') ?? [];
    assert.ok(existsSync(path), example);
    assert.deepEqual(others, []);
  });

  test('who names no application is told how to', async (t) => {
    const [front = 0, api = 0] = await freePorts(2);
    const file = conf(
      front,
      `server { LISTEN location / { proxy_pass http://127.0.0.1:${api}; } }`,
    );
    const program = up(t, { 'nginx.conf': file }, []);
    assert.equal(await program.ended, 1);
    assert.match(
      program.output,
      /^tandem \| no application is named: use --app MODULE:EXPORT, .*\n/,
    );
    assert.match(program.output, /\ntandem \| nothing was started\n$/);
  });

  test('all that a file has and Tandem does not support is named at once', async (t) => {
    const file = 'events {} http { autoindex on;\n server { listen 1 ssl; } }';
    const program = up(t, { 'nginx.conf': file }, ['--app', 'app']);
    assert.equal(await program.ended, 1);
    assert.deepEqual(
      program.lines.map((line) => line.replace(/in \/.*größer-\w+\//, 'in ')),
      [
        'proxy  | nginx: [emerg] directive "autoindex" (module ngx_http_autoindex_module) is not supported by Tandem in nginx.conf:1',
        'proxy  | 1 more is not supported by Tandem, by what is missing:',
        'proxy  |   parameters of "listen" (1)',
        'proxy  |     "ssl" in nginx.conf:2',
        'tandem | the proxy cannot run nginx.conf, see above; nothing was started',
      ],
    );
  });
});
