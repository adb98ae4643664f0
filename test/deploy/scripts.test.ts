/** The scripts inside the images, run as they are: each start, and each look at a tier's health. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';

const SCRIPTS = join(import.meta.dirname, '..', '..', 'deploy', 'docker');

interface Ended {
  readonly pid: number | undefined;
  readonly status: number;
  readonly output: string;
}

/** Runs a script to its end. */
async function run(
  program: string,
  script: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const { PATH } = process.env;
  const child = spawn(program, [join(SCRIPTS, script), ...words], {
    ...options,
    env: { PATH, ...options.env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [status] = await once(child, 'close');
  return { pid: child.pid, status, output: output.trim() };
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-docker-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

suite('front.sh', () => {
  test('the front takes the place of the shell, so that it gets the signals', async (t) => {
    const cwd = temporaryFolder(t);
    mkdirSync(join(cwd, 'run'));
    const { pid, output } = await run('sh', 'front.sh', ['sh', '-c', 'echo $$'], { cwd });
    assert.equal(output, String(pid));
  });

  test('what nginx.conf names in run/ is there, after each start', async (t) => {
    const cwd = temporaryFolder(t);
    for (const name of ['run', 'static']) mkdirSync(join(cwd, name));
    for (const start of [1, 2]) {
      const { status, output } = await run('sh', 'front.sh', ['true'], { cwd });
      assert.equal(status, 0, `start ${start}: ${output}`);
      const links = readdirSync(join(cwd, 'run')).map((name) => [
        name,
        readlinkSync(join(cwd, 'run', name)),
      ]);
      assert.deepEqual(Object.fromEntries(links), {
        'access.log': '/dev/stdout',
        'app.sock': '/socket/app.sock',
        protected: '/protected',
        static: '../static',
      });
    }
    assert.deepEqual(readdirSync(join(cwd, 'static')), []);
  });
});

/** A tier whose answer to each path is known. */
const answer: RequestListener = (asked, response) => {
  if (asked.url === '/silent') return;
  if (asked.url === '/cut') {
    response.writeHead(200, { 'Content-Length': 10 }).write('half');
    setImmediate(() => response.destroy());
    return;
  }
  const isWell = asked.url === '/polls/' || asked.url === '/favicon.ico';
  response.writeHead(isWell ? 200 : 502).end('answer');
};

suite('the look at health', () => {
  let folder: string;
  let socket: string;
  let port: string;
  const servers: Server[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-docker-'));
    socket = join(folder, 'app.sock');
    const [onSocket, onPort] = [createServer(answer), createServer(answer)];
    servers.push(onSocket, onPort);
    await once(onSocket.listen(socket), 'listening');
    await once(onPort.listen(0, '127.0.0.1'), 'listening');
    port = String((onPort.address() as AddressInfo).port);
  });

  after(() => {
    for (const server of servers) server.close().closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  test('a tier that answers is healthy, asked on its socket or on its port', async () => {
    const url = `http://127.0.0.1:${port}/favicon.ico`;
    const expected = { status: 0, output: '' };
    for (const words of [[socket, '/polls/'], [url]]) {
      const { status, output } = await run('node', 'health.js', words);
      assert.deepEqual({ status, output }, expected);
    }
  });

  test('one that fails, breaks off, keeps silent or is away is not, and it is said why', async () => {
    const cases = [
      { words: [socket, '/failing'], why: /status 502$/ },
      { words: [socket, '/cut'], why: /aborted$/ },
      { words: [socket, '/silent'], why: /no answer in 2500 ms$/ },
      { words: [join(folder, 'nobody.sock'), '/'], why: /ENOENT/ },
    ];
    await Promise.all(
      cases.map(async ({ words, why }) => {
        const { status, output } = await run('node', 'health.js', words);
        assert.equal(status, 1);
        assert.match(output, why);
      }),
    );
  });

  test('bash asks where there is no Node', async (t) => {
    assert.equal((await run('bash', 'health.sh', [port])).status, 0);
    const failing = createServer((_, response) => response.writeHead(502).end());
    t.after(() => failing.close());
    await once(failing.listen(0, '127.0.0.1'), 'listening');
    const { port: other } = failing.address() as AddressInfo;
    assert.notEqual((await run('bash', 'health.sh', [String(other)])).status, 0);
    assert.notEqual((await run('bash', 'health.sh', ['1'])).status, 0);
  });
});
