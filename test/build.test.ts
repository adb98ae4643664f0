/** What `npm run build` makes, and that the launchers run it where it is what the sources say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { bundle, bundled, ENTRIES } from '../bin/bundle.js';
import { isFresh } from '../bin/fresh.js';

const PROJECT = join(import.meta.dirname, '..');
const SOURCES = ['wire', 'http1', 'prefork', 'proxy', 'appserver', 'cli'];
const PACKAGES = ['esbuild', 'typescript', '@types', '@nginx', 'mime-db', 'dotenv'];

/** A copy of the project, to change sources in. */
let copy = '';

before(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-build-')));
  for (const name of [
    ...SOURCES,
    'bin',
    ...globSync('{package,tsconfig}*.json', { cwd: PROJECT }),
  ]) {
    cpSync(join(PROJECT, name), join(copy, name), { recursive: true });
  }
  mkdirSync(join(copy, 'node_modules'));
  for (const name of PACKAGES) {
    symlinkSync(join(PROJECT, 'node_modules', name), join(copy, 'node_modules', name));
  }
});

after(() => rmSync(copy, { recursive: true, force: true }));

function build(...words: string[]) {
  return spawnSync(process.execPath, [join(copy, 'bin', 'build.js'), ...words], {
    encoding: 'utf8',
  });
}

/** Builds, once what was changed before is old enough to be told from what changes later. */
async function buildQuickly(): Promise<void> {
  await wait(50);
  const { status, stdout, stderr } = build('--quick');
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
}

/** What `tandem help` says: the marks that the source and the build of cli/main were given. */
function help(): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(copy, 'bin', 'tandem.js'), 'help'], {
    encoding: 'utf8',
  });
  return stdout + stderr;
}

test('every entry that is named is built, and no other', () => {
  const named = new Set<string>();
  const files = globSync(`{${SOURCES.join()},bin}/**/*.{ts,js}`, { cwd: PROJECT });
  for (const file of files.filter((each) => !each.endsWith('.test.ts'))) {
    const text = readFileSync(join(PROJECT, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/\b(?:entryModule|load)\('([^']+)'\)/g)) {
      named.add(name);
    }
    for (const [, name = ''] of text.matchAll(/'dist\/([^']+)\.js'/g)) named.add(name);
  }
  const { exports } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  named.add(exports['./gateway'].default.replace(/^\.\/dist\/|\.js$/g, ''));
  assert.deepEqual([...named].sort(), [...ENTRIES].sort());
});

/** Entries that run in one process, each with modules of its own. */
const TOGETHER = [
  ['prefork/signals', 'prefork/environment', 'prefork/daemonize', 'proxy/main', 'cli/lifeline'],
  ['prefork/signals', 'prefork/environment', 'appserver/main', 'cli/lifeline'],
  ['prefork/environment', 'cli/main'],
  ['prefork/worker', 'proxy/worker'],
  ['prefork/thread', 'proxy/worker'],
  ['prefork/worker', 'appserver/worker/watch', 'appserver/worker/thread', 'appserver/gateway'],
  ['prefork/worker', 'appserver/worker/watch', 'appserver/validate/subject-thread'],
  ['prefork/thread', 'appserver/worker/thread', 'appserver/gateway'],
];

test('what two entries of one process both contain has no state', async () => {
  const { metafile } = await bundled(PROJECT);
  const parts = new Map<string, readonly string[]>();
  for (const { entryPoint = '', inputs } of Object.values(metafile.outputs)) {
    const files = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    parts.set(
      entryPoint.replace(/\.ts$/, ''),
      files.map(([path]) => path),
    );
  }
  const shared = new Set<string>();
  for (const entries of TOGETHER) {
    const all = entries.flatMap((entry) => parts.get(entry) ?? []);
    for (const file of all) if (all.indexOf(file) !== all.lastIndexOf(file)) shared.add(file);
  }
  assert.ok(shared.has('prefork/environment.ts'), 'the parts were not read');
  const STATE = /^(?:export )?(?:let|var) |^(?:export )?const \w+.* = new (?:\w*Map|\w*Set|Async)/m;
  const stateful = [...shared].filter((file) =>
    STATE.test(readFileSync(join(PROJECT, file), 'utf8')),
  );
  assert.deepEqual(stateful, []);
});

test('the launchers run the build while the sources are what it was made from', async () => {
  await buildQuickly();
  writeFileSync(join(copy, 'dist/cli/main.js'), 'export const main = () => console.log("built");');
  assert.equal(help(), 'built\n');

  await buildQuickly();
  assert.equal(help(), 'built\n', 'a fresh build was made again');
});

test('a source that was changed after the build is what runs, whatever its time says', async () => {
  await buildQuickly();
  const source = join(copy, 'cli/main.ts');
  const { atime, mtime } = statSync(source);
  writeFileSync(source, readFileSync(source, 'utf8').replace('both tiers', 'BOTH TIERS'));
  utimesSync(source, atime, mtime);
  assert.match(help(), /^Usage/);

  await buildQuickly();
  writeFileSync(join(copy, 'dist/cli/main.js'), 'export const main = () => console.log("built");');
  assert.equal(help(), 'built\n');
  appendFileSync(join(copy, 'proxy/worker.ts'), '\n');
  assert.match(help(), /^Usage/, 'a worker was changed');
});

test('a source that is gone is missed, not found in the build', async () => {
  await buildQuickly();
  const source = join(copy, 'cli/version.ts');
  renameSync(source, `${source}.away`);
  assert.match(help(), /ERR_MODULE_NOT_FOUND/);
  assert.match(build('--quick').stderr, /Could not resolve ".\/version.ts"/);
  renameSync(`${source}.away`, source);
});

test('a source that changes while it is built makes no build that passes for fresh', async () => {
  const source = join(copy, 'cli/version.ts');
  appendFileSync(source, '\n');
  const building = bundle(copy);
  appendFileSync(source, '\n');
  await building;
  assert.ok(!isFresh(copy));
  await buildQuickly();
  assert.ok(isFresh(copy));
});

test('a type error leaves no build, and the status is that of tsc', async () => {
  await buildQuickly();
  appendFileSync(join(copy, 'cli/main.ts'), "export const wrong: number = 'text';\n");
  const { status, stdout } = build();
  assert.match(stdout, /cli\/main\.ts.*error TS2322/);
  assert.notEqual(status, 0);
  assert.ok(!existsSync(join(copy, 'dist')));
  assert.deepEqual(globSync('node_modules/.cache/*', { cwd: copy }), []);
});
