/** `tandem up` as somebody at a terminal meets it: what it shows, how it ends, what it leaves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import type { Program } from '../harness/program.ts';
import { ask, get, RawClient } from '../harness/raw-client.ts';
import { makeSiteFolder, type SiteFolder } from '../harness/site-folder.ts';
import { startUp } from '../harness/stack.ts';
import { PATIENCE_MS } from '../harness/until.ts';

const READY = /ready at .*\n/;
const SERVING = /start worker process \d+/;
const ESCAPE = '\x1b[';

/** Answers at once; a second later to /slow, and never to /wait. */
const APP = `export default { async fetch(request) {
  const { pathname } = new URL(request.url);
  if (pathname === '/wait') await new Promise(() => {});
  if (pathname === '/slow') await new Promise((resolve) => setTimeout(resolve, 1000));
  return new Response('here');
} };`;

interface Up {
  readonly folder: SiteFolder;
  readonly program: Program;
}

/** `tandem up` on a small application in a folder of its own, both gone with the test. */
async function up(
  t: TestContext,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  change: (folder: SiteFolder) => void = () => {},
): Promise<Up> {
  const folder = await makeSiteFolder({ database: false });
  folder.write('small.ts', APP);
  change(folder);
  const program = startUp(folder, ['--app', 'small:default', ...words], {
    WEB_CONCURRENCY: '1',
    ...env,
  });
  t.after(async () => {
    await program.stop();
    folder.remove();
  });
  return { folder, program };
}

/** Every process that either tier spoke of. */
function pidsOf({ output }: Program): number[] {
  const found = output.matchAll(/\] \[(\d+)\] \[|(?:pid: |worker process )(\d+)|\] (\d+)#\d+:/g);
  return [...new Set([...found].map(([, a, b, c]) => Number(a ?? b ?? c)))];
}

async function assertNothingLeft({ folder, program }: Up): Promise<void> {
  const pids = pidsOf(program);
  assert.ok(pids.length >= 4, `masters and workers are in\n${program.output}`);
  for (const deadline = Date.now() + PATIENCE_MS; pids.some(isAlive); ) {
    assert.ok(Date.now() < deadline, `${pids.filter(isAlive)} live on after\n${program.output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const name of ['run/app.sock', 'run/nginx.pid']) {
    assert.ok(!existsSync(join(folder.path, name)), `${name} was left`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function masterOfPool({ output }: Program): number {
  return Number(/\[(\d+)\] \[INFO\] Listening at/.exec(output)?.[1]);
}

/** The lines after which nothing follows: what a person sees last. */
function lastLines({ lines }: Program, count: number): string {
  return lines.slice(-count).join('\n');
}

suite('tandem up', { concurrency: 2 }, () => {
  test('shows the lines of both tiers with their names and the address, and ends both', async (t) => {
    const running = await up(t);
    const { folder, program } = running;
    await program.sees(READY);
    assert.equal((await ask(folder.port(), get('/'))).content, 'here');
    program.signal('SIGINT');
    assert.equal(await program.ended, 0);
    const isNamed = (line: string): boolean => /^(proxy |app {3}|tandem) \| /.test(line);
    assert.deepEqual(
      program.lines.filter((line) => !isNamed(line)),
      [],
    );
    assert.ok(program.output.includes(`ready at http://127.0.0.1:${folder.port()}/ and`));
    assert.match(lastLines(program, 1), /^tandem \| stopped$/);
    await assertNothingLeft(running);
  });

  test('ends at once when asked twice, whatever is under way; in colours where asked', async (t) => {
    const running = await up(t, [], { FORCE_COLOR: '1' });
    const { folder, program } = running;
    await program.sees(READY);
    assert.ok(program.lines.every((line) => line.startsWith(ESCAPE)));
    const client = await RawClient.connect(folder.port());
    t.after(() => client.destroy());
    client.send(get('/wait'));
    program.signal('SIGINT');
    await program.sees(/a second Ctrl-C stops at once/);
    // Not too soon: that would be the same Ctrl-C, passed on by npm.
    const again = setInterval(() => program.signal('SIGINT'), 200);
    t.after(() => clearInterval(again));
    await program.sees(/stopping at once/);
    clearInterval(again);
    assert.equal(await program.ended, 0);
    await client.rest();
    await assertNothingLeft(running);
  });

  test('lets requests under way be answered, though npm passes one Ctrl-C on twice', async (t) => {
    const { folder, program } = await up(t);
    await program.sees(READY);
    const answer = ask(folder.port(), get('/slow'));
    await ask(folder.port(), get('/'));
    program.signal('SIGINT');
    await program.sees(/a second Ctrl-C stops at once/);
    program.signal('SIGINT');
    assert.equal((await answer).content, 'here');
    assert.equal(await program.ended, 0);
  });

  test('starts nothing where nginx.conf is broken, and says where', async (t) => {
    const { program } = await up(t, [], {}, (folder) => folder.edit('keepalive  ', 'kepalive '));
    assert.equal(await program.ended, 1);
    assert.match(
      program.output,
      /^proxy {2}\| nginx: \[emerg\] unknown directive "kepalive" in \S+nginx.conf:\d+\n/,
    );
    assert.match(
      lastLines(program, 1),
      /the proxy cannot run nginx.conf, see above; nothing was started/,
    );
    assert.equal(program.lines.length, 2);
  });

  test('starts nothing where there is no nginx.conf', async (t) => {
    const { folder, program } = await up(t, ['-c', 'none.conf']);
    assert.equal(await program.ended, 1);
    assert.equal(
      program.output,
      `tandem | there is no none.conf in ${folder.path}; use -c FILE to name another one\n`,
    );
  });

  test('says last why the application could not be loaded', async (t) => {
    const running = await up(t, [], {}, (folder) =>
      folder.write('small.ts', 'import "./gone.ts";'),
    );
    const { program } = running;
    assert.equal(await program.ended, 1);
    const [, said] = program.output.split('tandem | stopped\n');
    assert.match(said ?? '', /^tandem \| the pool failed:\n.*Cannot find module '\S+gone.ts'/s);
    assert.doesNotMatch(program.output, /^proxy|ready at/m);
  });

  test('starts nothing where another program has the port, or the pool’s socket', async (t) => {
    const folder = await makeSiteFolder({ database: false });
    folder.write('run/x', '');
    const server = net.createServer().listen(folder.port(), '127.0.0.1');
    const pool = net.createServer().listen(join(folder.path, 'run/app.sock'));
    t.after(() => {
      server.close();
      pool.close();
      folder.remove();
    });
    await Promise.all([once(server, 'listening'), once(pool, 'listening')]);
    const program = startUp(folder);
    assert.equal(await program.ended, 1);
    assert.deepEqual(folder.masked(program.output).split('\n'), [
      'tandem | another pool answers at unix:run/app.sock: is tandem already running in this folder? Stop it first',
      'tandem | port 8080 (127.0.0.1) is in use by another program: stop it, or change "listen" in nginx.conf',
      'tandem | nothing was started',
      '',
    ]);
  });

  test('ends the proxy where the pool dies, with exit code 1', async (t) => {
    const { folder, program } = await up(t);
    await program.sees(READY);
    process.kill(masterOfPool(program), 'SIGKILL');
    assert.equal(await program.ended, 1);
    assert.match(program.output, /the pool ended unexpectedly \(signal SIGKILL\); stopping/);
    assert.match(lastLines(program, 1), /^tandem \| the pool failed: signal SIGKILL/);
    await assert.rejects(ask(folder.port(), get('/')), /ECONNREFUSED/);
  });

  test('leaves no tier behind where it is killed', async (t) => {
    const running = await up(t);
    await running.program.sees(READY);
    await running.program.sees(SERVING);
    running.program.signal('SIGKILL');
    assert.equal(await running.program.ended, 'SIGKILL');
    await assertNothingLeft(running);
  });

  test('ends both tiers where nobody reads its lines any more', async (t) => {
    const running = await up(t);
    const { folder, program } = running;
    await program.sees(READY);
    await program.sees(SERVING);
    program.child.stdout?.destroy();
    // The next line cannot be written.
    await ask(folder.port(), get('/'));
    assert.equal(await program.ended, 0);
    await assertNothingLeft(running);
  });

  test('warns where the pool closes idle connections before the proxy does', async (t) => {
    const warned = /upstream "app" keeps idle connections for 1 s, the pool closes them after 1 s/;
    const [clash, none] = await Promise.all([
      up(t, ['--', '--keep-alive', '1']),
      up(t, ['--', '--keep-alive', '2']),
    ]);
    await Promise.all([clash.program.sees(READY), none.program.sees(READY)]);
    assert.match(clash.program.output, warned);
    assert.doesNotMatch(none.program.output, /keeps idle connections/);
    // The shipped file and settings agree.
    const shipped = await up(t);
    await shipped.program.sees(READY);
    assert.doesNotMatch(shipped.program.output, /keeps idle connections/);
  });

  test('passes what follows -- to the pool', async (t) => {
    const { program } = await up(t, ['--', '--wokers', '3']);
    assert.equal(await program.ended, 1);
    assert.match(lastLines(program, 1), /tandem \| {3}tandem-appserver: error: .*--wokers/);
  });

  test('complains about its own options with exit code 2', async (t) => {
    const { program } = await up(t, ['--prot', '80']);
    assert.equal(await program.ended, 2);
    assert.match(program.output, /^tandem up: unknown option "--prot": .*\n\nUsage: tandem up /);
  });
});
