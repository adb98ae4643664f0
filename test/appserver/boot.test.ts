import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { BoundSocket, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../harness/until.ts';
import { runToEnd, spawnPool, startPool } from './pool-process.ts';

const APP = 'export default { fetch: () => new Response("ok") };';

test('the ready lines are those of Gunicorn', async (t) => {
  const pool = await startPool(t, { files: { 'app.ts': APP }, args: ['app'] });
  pool.signal('SIGTERM');
  assert.equal(await pool.exited, 0);
  const lines = pool.log.trimEnd().split('\n');
  const shown = lines.map((line) => {
    const match = /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[(\d+)\] (.*)$/.exec(line);
    assert.ok(match, line);
    return match[2]?.replaceAll(String(pool.pid), 'MASTER').replace(/pid: \d+/, 'pid: WORKER');
  });
  assert.deepEqual(shown, [
    '[INFO] Starting tandem-appserver 0.1.0',
    '[INFO] Listening at: unix:app.sock (MASTER)',
    '[INFO] Using worker: process',
    '[INFO] Booting worker with pid: WORKER',
    '[INFO] Handling signal: term',
    '[INFO] Worker exiting (pid: WORKER)',
    '[INFO] Shutting down: Master',
  ]);
  assert.equal(existsSync(pool.socketPath), false);
});

const BROKEN: [string, Record<string, string>, string, number, RegExp[]][] = [
  [
    'a module that is not there',
    {},
    'nowhere/app:app',
    3,
    [/No module named "nowhere\/app": no file .*nowhere\/app\{/, /Reason: Worker failed to boot\./],
  ],
  [
    'a package that is not there',
    {},
    'no-such-package',
    3,
    [/No module named "no-such-package": .* and no such package/],
  ],
  [
    'an export that is not there',
    { 'app.ts': 'export const one = 1, two = 2;' },
    'app:three',
    4,
    [/Failed to find export "three" in "app" \(it has one, two\)/, /Reason: App failed to load\./],
  ],
  [
    'a module without an application',
    { 'app.ts': 'export const one = 1;' },
    'app',
    4,
    [/looked for default, application, app, .* \(it has one\)/],
  ],
  [
    'an export that is no application',
    { 'app.ts': 'export default { one: 1 };' },
    'app',
    4,
    [/found an object with one as "default" of "app"/, /accepted are:\n {2}an http\.Server/],
  ],
  [
    'an export of CommonJS that is no application',
    { 'app.cjs': 'module.exports = { app: 5 };' },
    'app',
    4,
    [/found a number as "app" of "app"/],
  ],
  [
    'a build of React Router',
    { 'app.mjs': 'export const routes = {}, entry = {}, assetsBuildDirectory = "build/client";' },
    'app',
    4,
    [/"app" is a build of React Router and no application: .* createRequestHandler\(build\)/],
  ],
  [
    'a module with a syntax error',
    { 'app.ts': 'export const a = 1;\nexport const = 2;\n' },
    'app',
    3,
    [/Exception while loading "app"/, /app\.ts:2/],
  ],
  [
    'a JavaScript module with a syntax error, which the application imports',
    {
      'app.mjs': `import './routes.mjs'; ${APP}`,
      'routes.mjs': 'import "node:fs";\nexport const = 2;\n',
    },
    'app',
    3,
    [/Exception while loading "app"/, /routes\.mjs:2\nexport const = 2;\n +\^/],
  ],
  [
    'a module that throws',
    { 'app.js': 'const a = 1;\nthrow new Error("no database");' },
    'app',
    3,
    [/Exception while loading "app"/, /Error: no database/, /app\.js:2:7/],
  ],
  [
    'a startup that throws',
    { 'app.js': `${APP} export const startup = () => { throw new Error("no cache"); };` },
    'app',
    3,
    [/Exception in startup\(\) of the application/, /Error: no cache/],
  ],
  [
    'a module that ends the process',
    { 'app.js': 'process.exit(0);' },
    'app',
    3,
    [
      /Worker \(pid:\d+\) exited with code 0 before it was ready: .* process\.exit\(\)/,
      /Reason: Worker failed to boot\./,
    ],
  ],
  [
    'an error that nobody catches',
    {
      'app.js': `${APP} export const startup = () => new Promise(() => setTimeout(() => { throw new Error("late"); }));`,
    },
    'app',
    3,
    [/Error: late/, /Worker \(pid:\d+\) exited with code 1/],
  ],
  [
    'a factory that throws',
    { 'app.js': 'export const make = () => { throw new Error("no config"); };' },
    'app:make()',
    3,
    [/Exception in "make\(\)" of "app"/, /Error: no config/],
  ],
];
for (const [what, files, name, code, patterns] of BROKEN) {
  test(`${what} ends the service with ${code} and says why`, async (t) => {
    const result = await runToEnd(t, { files, args: [name] });
    assert.equal(result.code, code, result.log);
    for (const pattern of patterns) assert.match(result.log, pattern);
  });
}

const COMMANDS: [string[], number, string][] = [
  [
    [],
    1,
    '\nError: No application module specified.\nName it, as in tandem-appserver server:app, or as wsgi_app in appserver.config.ts.\n',
  ],
  [
    ['--foo', 'x'],
    2,
    'usage: tandem-appserver [OPTIONS] [APP_MODULE]\ntandem-appserver: error: unrecognized arguments: --foo\n',
  ],
  [['--preload', 'app'], 1, '\nError: setting "preload_app" (--preload) is not supported yet\n'],
  [['app', '--workers=-1'], 1, '\nError: Value must be positive: -1\n'],
  [['app', '-b', '127.0.0.1:abc'], 1, "\nError: 'abc' is not a valid port number.\n"],
  [
    ['app', '--forwarded-allow-ips', 'x'],
    1,
    '\nError: invalid address "x" in forwarded_allow_ips\n',
  ],
  [['--version'], 0, 'tandem-appserver (version 0.1.0)\n'],
];
for (const [args, code, text] of COMMANDS) {
  test(`tandem-appserver ${args.join(' ')} exits with ${code}`, async (t) => {
    const result = await runToEnd(t, { files: { 'app.ts': APP }, args, env: { UNBOUND: '1' } });
    assert.deepEqual(result, { code, log: text });
  });
}

test('--check-config loads the application and says nothing where all is well', async (t) => {
  const files = { 'app.ts': APP, 'bad.ts': 'export const one = 1;' };
  const good = await runToEnd(t, { files, args: ['app', '--check-config'] });
  assert.deepEqual(good, { code: 0, log: '' });
  const bad = await runToEnd(t, { files, args: ['bad', '--check-config'] });
  assert.equal(bad.code, 1);
  assert.match(bad.log, /^\nError while loading the application:\n\nFailed to find an application/);
});

test('PORT, WEB_CONCURRENCY and .env are heard, the file and CMD_ARGS win over them', async (t) => {
  const env = { PORT: '0', WEB_CONCURRENCY: '2', TANDEM_APPSERVER_CMD_ARGS: '--name fromargs' };
  const files = {
    'app.ts': 'export default () => {}; export const app = () => {};',
    'appserver.config.ts': 'export const threads = 2; export const proc_name: string = "fromfile";',
    '.env': 'GRACEFUL=1\nFORWARDED_ALLOW_IPS=10.1.1.1\n',
  };
  const result = await runToEnd(t, { files, args: ['app', '--print-config', '-t', '5'], env });
  for (const line of [
    "bind                     = ['0.0.0.0:0']",
    'workers                  = 2',
    'threads                  = 2',
    'timeout                  = 5',
    'proc_name                = fromargs',
    "forwarded_allow_ips      = ['10.1.1.1']",
    'wsgi_app                 = app',
  ]) {
    assert.ok(result.log.includes(`${line}\n`), `${line}\n${result.log}`);
  }
});

test('bind takes several places, and umask decides the mode of the socket', async (t) => {
  const args = ['app', '-b', 'unix:app.sock', '-b', '127.0.0.1:0', '--umask', '0o117'];
  const pool = await startPool(t, { files: { 'app.ts': APP }, args });
  assert.equal(statSync(pool.socketPath).mode & 0o777, 0o660);
  assert.equal((await pool.ask('/')).text, 'ok'); // A worker listens at one place after the other.
  const port = await pool.tcpPort();
  assert.equal((await pool.ask('/', { port, host: '127.0.0.1' })).text, 'ok');
});

test('fd:// takes a socket that somebody else bound', async (t) => {
  const socket = new BoundSocket({ host: '127.0.0.1', port: 0 });
  t.after(() => socket.close());
  const { port } = socket.address();
  const args = ['app', '-b', 'fd://3', '-b', 'unix:app.sock'];
  const descriptors = [socket.fd()];
  const pool = await startPool(t, { files: { 'app.ts': APP }, args, descriptors });
  await pool.sees(new RegExp(`Listening at: http://127.0.0.1:${port},unix:app.sock`));
  assert.equal((await pool.ask('/')).text, 'ok');
  assert.equal((await pool.ask('/', { port, host: '127.0.0.1' })).text, 'ok');
});

test('a port in use is named, tried again, and given up with status 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const files = { 'app.ts': APP };
  const pool = spawnPool(t, { files, args: ['app', '-b', `127.0.0.1:${port}`] });
  await pool.sees(/Retrying in 1 second\./);
  assert.match(pool.log, new RegExp(`Connection in use: http://127.0.0.1:${port}\n`));
  other.close();
  await pool.sees(/Booting worker/);
});

test('a socket path that cannot be is given up with the reason and status 1', async (t) => {
  const files = { 'app.ts': APP, 'app.sock': 'a file', 'folder/x': '' };
  const long = `/tmp/${'x'.repeat(120)}`;
  for (const [path, reason] of [
    ['app.sock', 'app.sock is a file, not a socket'],
    ['folder', 'folder is a folder, not a socket'],
    ['app.sock/s', 'Not a directory'],
    [long, 'a Unix socket path takes at most 107 bytes, this has 125'],
  ] as const) {
    const { code, log } = await runToEnd(t, { files, args: ['app', '-b', `unix:${path}`] });
    assert.equal(code, 1);
    assert.ok(log.includes(`Can't connect to unix:${path}: ${reason}\n`), log);
  }
});

test('a folder that is missing for the socket is named, and may come while it is tried again', async (t) => {
  const files = { 'app.ts': APP };
  const pool = spawnPool(t, { files, args: ['app', '-b', 'unix:none/app.sock'] });
  await pool.sees(/Can't connect to unix:none\/app\.sock: the folder none does not exist\n/);
  await pool.sees(/Retrying in 1 second\./);
  pool.write({ 'none/x': '' });
  await pool.sees(/Booting worker/);
});

test('the pid file names the master, refuses a second one and goes with it', async (t) => {
  const files = { 'app.ts': APP };
  const pool = await startPool(t, { files, args: ['app', '--pid', 'app.pid'] });
  const path = join(pool.folder, 'app.pid');
  const content = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  assert.equal(await until(content), `${pool.pid}\n`);
  const second = await runToEnd(t, { files, args: ['app', '--pid', path] });
  assert.equal(second.code, 1);
  assert.match(second.log, new RegExp(`Error: Already running on PID ${pool.pid} \\(or pid file`));
  pool.signal('SIGTERM');
  await pool.exited;
  assert.equal(existsSync(path), false);
});

test('the pid file is there when the pool accepts, and QUIT then ends it', async (t) => {
  const files = {
    'app.mjs':
      "import { existsSync } from 'node:fs'; import { setTimeout } from 'node:timers/promises';" +
      "export async function startup() { console.log('starting'); while (!existsSync('go')) await setTimeout(5); }" +
      "export default { fetch: () => new Response('x') };",
  };
  const pool = spawnPool(t, { files, args: ['app', '--pid', 'app.pid'] });
  const path = join(pool.folder, 'app.pid');
  await pool.sees(/starting/);
  assert.equal(existsSync(path), false);
  pool.write({ go: '' });
  await until(() => existsSync(path));
  (await pool.connected()).destroy();
  pool.signal('SIGQUIT');
  assert.equal(await pool.exited, 0);
  assert.equal(existsSync(path), false);
});

test('a start that fails leaves no pid file', async (t) => {
  const files = { 'app.mjs': 'throw new Error("broken")' };
  const pool = spawnPool(t, { files, args: ['app', '--pid', 'app.pid'] });
  assert.equal(await pool.exited, 3);
  assert.equal(existsSync(join(pool.folder, 'app.pid')), false);
  const lost = await runToEnd(t, { files, args: ['app', '--pid', 'none/app.pid'] });
  assert.equal(lost.code, 1);
  assert.match(lost.log, /Error: none doesn't exist\. Can't create pidfile\./);
});

test('a pid file that names a live process of somebody else is taken over', async (t) => {
  const files = { 'app.ts': APP, 'app.pid': `${process.pid}\n` };
  const pool = await startPool(t, { files, args: ['app', '--pid', 'app.pid'] });
  const path = join(pool.folder, 'app.pid');
  await until(() => readFileSync(path, 'utf8') === `${pool.pid}\n`);
});

test('chdir, raw_env and a factory with arguments reach the application', async (t) => {
  const files = {
    'site/app.ts':
      'export const make = (word: string, n: number) => () => {};\n' +
      'export const app = (word: string, n: number) => ({ fetch: () => new Response([word, n, process.env.COLOUR, process.cwd()].join(" ")) });',
  };
  const args = [
    'app:app("hi", 2)',
    '--chdir',
    'site',
    '-e',
    'COLOUR=red',
    '-b',
    'unix:../app.sock',
  ];
  const pool = await startPool(t, { files, args });
  assert.equal((await pool.ask('/')).text, `hi 2 red ${pool.folder}/site`);
});
