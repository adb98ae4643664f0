/** The program as people start, test and signal it: outputs, exit codes, signals. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startProxy } from '../harness/proxy.ts';
import { ask, field, get, RawClient } from '../harness/raw-client.ts';
import { PATIENCE_MS } from '../harness/until.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'tandem-proxy.js');
const FLAGS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning', LAUNCHER];
/** How long a worker may take to start, or a signal to arrive, on a busy machine. */

suite('the command line', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'command-'));
    write('ok.conf', 'events { }\npid n.pid;\nerror_log err.log;\nhttp { access_log off; }\n');
    write('bad.conf', 'events { }\nfoo;\n');
    write('logs.conf', 'events { }\npid n.pid;\nerror_log none/err.log;\n');
    write('pid.conf', 'events { }\npid none/n.pid;\n');
    write('warn.conf', 'events { }\npid n.pid;\nhttp { types { a/b c c; } }\nfoo;\n');
  });
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const read = (name: string): string => readFileSync(join(folder, name), 'latin1');

  function run(...words: string[]): { code: number | null; says: string[]; out: string } {
    const args = [...FLAGS, '-p', folder, ...words];
    const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'latin1' });
    const says = stderr.replaceAll(`${folder}/`, '').split('\n').slice(0, -1);
    return { code: status, says, out: stdout };
  }

  test('-t says what is well, -q keeps silent, -T shows the file', () => {
    const well = [
      'nginx: the configuration file ok.conf syntax is ok',
      'nginx: configuration file ok.conf test is successful',
    ];
    assert.deepEqual(run('-t', '-c', 'ok.conf'), { code: 0, says: well, out: '' });
    assert.deepEqual(run('-tqc', 'ok.conf'), { code: 0, says: [], out: '' });
    const dump = run('-T', '-c', 'ok.conf');
    assert.deepEqual(dump.says, well);
    assert.equal(dump.out, `# configuration file ${folder}/ok.conf:\n${read('ok.conf')}\n`);
  });

  test('-t names everything that is not supported in one run', () => {
    write('lacks.conf', 'events { }\nhttp { autoindex on;\nserver { listen 1 ssl http2; } }\n');
    assert.deepEqual(run('-t', '-c', 'lacks.conf'), {
      code: 1,
      says: [
        'nginx: [emerg] directive "autoindex" (module ngx_http_autoindex_module) is not supported by Tandem in lacks.conf:2',
        '2 more are not supported by Tandem, by what is missing:',
        '  parameters of "listen" (2)',
        '    "ssl" in lacks.conf:3',
        '    "http2" in lacks.conf:3',
        'nginx: configuration file lacks.conf test failed',
      ],
      out: '',
    });
  });

  test('-t says what is wrong and exits with 1', () => {
    assert.deepEqual(run('-tq', '-c', 'bad.conf'), {
      code: 1,
      says: [
        'nginx: [emerg] unknown directive "foo" in bad.conf:2',
        'nginx: configuration file bad.conf test failed',
      ],
      out: '',
    });
    for (const [name, file] of [
      ['logs.conf', 'none/err.log'],
      ['pid.conf', 'none/n.pid'],
    ]) {
      assert.deepEqual(run('-t', '-c', name!).says, [
        `nginx: the configuration file ${name} syntax is ok`,
        `nginx: [emerg] open() "${file}" failed (2: No such file or directory)`,
        `nginx: configuration file ${name} test failed`,
      ]);
    }
    assert.deepEqual(run('-t', '-c', 'none.conf').says, [
      'nginx: [emerg] open() "none.conf" failed (2: No such file or directory)',
      'nginx: configuration file none.conf test failed',
    ]);
  });

  test('warnings come before the error behind them', () => {
    const [warning, error] = run('-t', '-c', 'warn.conf').says;
    assert.match(warning ?? '', /^nginx: \[warn\] duplicate extension "c"/);
    assert.match(error ?? '', /^nginx: \[emerg\] unknown directive "foo"/);
  });

  test('-g is read before the file', () => {
    assert.deepEqual(
      run('-t', '-c', 'ok.conf', '-g', 'foo on;').says[0],
      'nginx: [emerg] unknown directive "foo" in command line',
    );
    assert.equal(run('-t', '-c', 'ok.conf', '-g', 'worker_processes 2;').code, 0);
  });

  test('-e names the log of what happens early', () => {
    assert.equal(run('-t', '-c', 'bad.conf', '-e', 'early.log').code, 1);
    assert.match(
      read('early.log'),
      /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[emerg\] \d+#0: unknown directive "foo" in .*bad\.conf:2\n$/,
    );
    const [alert] = run('-t', '-c', 'ok.conf', '-e', 'none/x.log').says;
    assert.equal(
      alert,
      'nginx: [alert] could not open error log file: open() "none/x.log" failed (2: No such file or directory)',
    );
  });

  test('-v, -V and -h tell about the program', () => {
    assert.match(run('-v').says[0] ?? '', /^nginx version: tandem\/\d/);
    assert.match(run('-V').says.join('\n'), /built with Node/);
    assert.match(run('-h').says.join('\n'), /-s signal +: send signal/);
    assert.deepEqual(run('-x'), { code: 1, says: ['nginx: invalid option: "x"'], out: '' });
  });

  test('-s without a running master says why', () => {
    const signal = (): string => run('-s', 'quit', '-c', 'ok.conf').says.join('\n');
    rmSync(join(folder, 'n.pid'), { force: true });
    assert.equal(signal(), 'nginx: [error] open() "n.pid" failed (2: No such file or directory)');
    write('n.pid', 'abc\n');
    assert.equal(signal(), 'nginx: [error] invalid PID number "abc" in "n.pid"');
    write('n.pid', '999999999\n');
    assert.equal(signal(), 'nginx: [alert] kill(999999999, 3) failed (3: No such process)');
    rmSync(join(folder, 'n.pid'));
  });

  test('an address in use is tried five times', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as net.AddressInfo;
    write(
      'busy.conf',
      `events { }\npid n.pid;\nhttp { access_log off; server { listen 127.0.0.1:${port}; } }\n`,
    );
    const child = spawn(process.execPath, [...FLAGS, '-p', folder, '-c', 'busy.conf']);
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    other.close();
    const refused = `nginx: [emerg] bind() to 127.0.0.1:${port} failed (98: Address already in use)\n`;
    assert.equal(text, `${refused.repeat(5)}nginx: [emerg] still could not bind()\n`);
    assert.equal(code, 1);
  });

  test('a start fails where the pid file cannot be written', () => {
    const { code, says } = run('-c', 'pid.conf');
    assert.equal(code, 1);
    assert.deepEqual(says, [
      'nginx: [emerg] open() "none/n.pid" failed (2: No such file or directory)',
    ]);
  });

  test('what stands where a socket should be is named after nginx’s own words', () => {
    const path = join(folder, 'file.sock');
    writeFileSync(path, '');
    write('file.conf', `events { }\npid n.pid;\nhttp { server { listen unix:${path}; } }\n`);
    const { code, says } = run('-c', 'file.conf');
    assert.equal(code, 1);
    const refused = 'nginx: [emerg] bind() to unix:file.sock failed (98: Address already in use)';
    assert.deepEqual(says, [
      ...Array.from({ length: 5 }, () => refused),
      'nginx: [emerg] still could not bind()',
      'nginx: [emerg] file.sock is a file, not a socket',
    ]);
    write('lost.conf', `events { }\npid n.pid;\nhttp { server { listen unix:${folder}/no/s; } }\n`);
    assert.deepEqual(run('-c', 'lost.conf').says, [
      'nginx: [emerg] bind() to unix:no/s failed (2: No such file or directory)',
      `nginx: [emerg] the folder no does not exist`,
    ]);
  });

  test('who sees the pid file is answered, and QUIT then ends the program', async () => {
    const socket = join(folder, 'p.sock');
    write(
      'pid-order.conf',
      `events { }\npid p.pid;\nhttp { access_log off; server { listen unix:${socket}; return 200 up; } }\n`,
    );
    const child = spawn(process.execPath, [...FLAGS, '-p', folder, '-c', 'pid-order.conf']);
    const exited = once(child, 'exit');
    const deadline = performance.now() + PATIENCE_MS;
    while (!existsSync(join(folder, 'p.pid'))) {
      assert.ok(performance.now() < deadline && child.exitCode === null, 'no pid file');
      await pause(1);
    }
    const client = net.connect(socket);
    await once(client, 'connect');
    client.destroy();
    child.kill('SIGQUIT');
    assert.deepEqual(await exited, [0, null]);
    assert.throws(() => read('p.pid'), /ENOENT/);
  });

  test('a folder may have any name: the pid file and sockets are there, and -s finds them', async () => {
    const place = join(folder, 'grüne Wiese');
    mkdirSync(place);
    writeFileSync(
      join(place, 'nginx.conf'),
      `events { }\nhttp { server { listen "unix:${place}/ü.sock"; return 200 up; } }\n`,
    );
    const child = spawn(process.execPath, [...FLAGS, '-p', place]);
    const exited = once(child, 'exit');
    const deadline = performance.now() + PATIENCE_MS;
    while (!existsSync(join(place, 'nginx.pid'))) {
      assert.ok(performance.now() < deadline && child.exitCode === null, 'no pid file');
      await pause(5);
    }
    const client = net.connect(join(place, 'ü.sock'));
    await once(client, 'connect');
    client.destroy();
    const { status, stderr } = spawnSync(process.execPath, [...FLAGS, '-p', place, '-s', 'quit']);
    assert.deepEqual([status, String(stderr)], [0, '']);
    assert.deepEqual(await exited, [0, null]);
    assert.ok(!existsSync(join(place, 'nginx.pid')));
  });

  test('daemon on returns once it serves, and -s quit ends it', async () => {
    const socket = join(folder, 'd.sock');
    write(
      'daemon.conf',
      `events { }\npid n.pid;\nerror_log err.log notice;\nhttp { access_log off; server { listen unix:${socket}; return 200 up; } }\n`,
    );
    assert.deepEqual(run('-c', 'daemon.conf', '-g', 'daemon on;'), { code: 0, says: [], out: '' });
    assert.equal((await ask(socket, get('/'))).content, 'up');
    assert.equal(run('-s', 'reload', '-c', 'daemon.conf').code, 0);
    assert.equal((await ask(socket, get('/'))).content, 'up');
    assert.equal(run('-s', 'quit', '-c', 'daemon.conf').code, 0);
    const deadline = performance.now() + PATIENCE_MS;
    while (!/: exit$/m.test(read('err.log')) && performance.now() < deadline) await pause(10);
    assert.match(read('err.log'), /\[notice\] \d+#0: exit$/m);
    assert.throws(() => read('n.pid'), /ENOENT/);
  });
});

suite('signals', () => {
  const HTTP = 'server { listen 127.0.0.1:8080; access_log access.log; return 200 one; }';

  test('USR1 opens logs anew', async (t) => {
    const front = await startProxy(HTTP);
    t.after(() => front.stop());
    await front.ask(get('/before'));
    await front.lines('access.log', 1);
    const path = (name: string): string => join(front.folder, name);
    renameSync(path('access.log'), path('moved.log'));
    front.signal('SIGUSR1');
    await front.lines('error.log', (all) => all.some((line) => line.includes('reopening logs')));
    for (const until = Date.now() + PATIENCE_MS; front.read('access.log') === ''; ) {
      assert.ok(Date.now() < until, 'no line in the new log');
      await front.ask(get('/after'));
    }
    assert.match(front.read('access.log'), /GET \/after/);
    assert.match(front.read('moved.log'), /GET \/before/);
  });

  test('HUP takes a new file, and keeps serving with a broken one', async (t) => {
    const front = await startProxy(HTTP, { main: 'error_log error.log notice;' });
    t.after(() => front.stop());
    const file = join(front.folder, 'nginx.conf');
    const text = readFileSync(file, 'latin1');
    writeFileSync(file, text.replace('return 200 one', 'foo'));
    front.signal('SIGHUP');
    await front.lines('error.log', (all) => all.some((line) => /\[emerg\].*"foo"/.test(line)));
    assert.equal((await front.ask(get('/'))).content, 'one');
    writeFileSync(file, text.replace('return 200 one', 'return 200 two'));
    front.signal('SIGHUP');
    let content = 'one';
    for (const until = Date.now() + PATIENCE_MS; content === 'one' && Date.now() < until; ) {
      content = (await front.ask(get('/'))).content;
    }
    assert.equal(content, 'two');
  });

  test('QUIT refuses new clients and answers what was begun', async (t) => {
    const front = await startProxy(HTTP);
    t.after(() => front.stop());
    const client = await RawClient.connect(front.port());
    client.send('GET / HTTP/1.1\r\nHost: x\r\n');
    await front.ask(get('/'));
    front.signal('SIGQUIT');
    const isAnswered = () =>
      front.ask(get('/')).then(
        () => true,
        () => false,
      );
    for (const until = Date.now() + PATIENCE_MS; await isAnswered(); ) {
      assert.ok(Date.now() < until, 'new clients are answered still');
    }
    client.send('\r\n');
    const answer = await client.response();
    assert.deepEqual([answer.content, field(answer, 'connection')], ['one', 'close']);
    client.destroy();
  });
});
