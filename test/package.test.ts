/**
 * What `npm pack` ships works where there are no sources: it is built, packed, installed in an empty
 * folder and run there. Node strips no types inside node_modules, so only dist/ can be what runs.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ENTRIES } from '../bin/bundle.js';
import { PATIENCE_MS } from './harness/until.ts';

const PROJECT = join(import.meta.dirname, '..');
const LAUNCHERS = ['tandem', 'tandem-proxy', 'tandem-appserver'];

/** The empty folder, and the names of the files in the tarball. */
let folder = '';
let packed: readonly string[] = [];

before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-package-')));
  run(process.execPath, [join(PROJECT, 'bin', 'build.js')], PROJECT);
  const [tarball] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], PROJECT),
  );
  packed = tarball.files.map(({ path }: { path: string }) => path);
  const dependencies = { tandem: `file:./${tarball.filename}`, ...installedPackages() };
  write('package.json', JSON.stringify({ private: true, type: 'module', dependencies }));
  const flags = ['--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...flags], folder);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * What an installation without devDependencies needs, taken from the folders of the project's own:
 * the same install with a registry would ask the network.
 */
function installedPackages(): Record<string, string> {
  const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  const found: Record<string, string> = {};
  const names = [''];
  for (const name of names) {
    const path = name === '' ? '' : `node_modules/${name}`;
    if (name !== '') found[name] = `file:${join(PROJECT, path)}`;
    for (const other of Object.keys(packages[path].dependencies ?? {})) {
      if (!names.includes(other)) names.push(other);
    }
  }
  return found;
}

/** The environment of a user's shell: the right Node first, nothing of this test run. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, WEB_CONCURRENCY: _w, PORT: _p, ...env } = process.env;
  return { ...env, PATH: dirname(process.execPath) + delimiter + env['PATH'] };
}

function run(file: string, words: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(file, words, {
    cwd,
    env: environment(),
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${file} ${words.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

function write(name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Starts an installed program and ends it after `work`; what it wrote explains a failure. */
async function running(
  program: string,
  words: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const file = join(folder, 'node_modules', '.bin', program);
  const child = spawn(file, words, { cwd: folder, env: environment() });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  try {
    await work();
  } catch (error) {
    throw new Error(`${program} wrote:\n${log}`, { cause: error });
  } finally {
    await end(child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGTERM');
  await gone;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks on a Unix socket of the folder, again until somebody listens there. */
async function ask(socket: string, path: string): Promise<Answer> {
  for (const start = Date.now(); ; await wait(50)) {
    try {
      return await askOnce(join(folder, socket), path);
    } catch (error) {
      if (Date.now() - start > PATIENCE_MS) throw error;
    }
  }
}

function askOnce(socketPath: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject).end();
  });
}

const APP = `
import type { FetchApplication } from 'tandem/gateway';

export default {
  fetch(request, gateway) {
    return new Response(\`\${new URL(request.url).pathname} by worker \${gateway.worker.age}\`);
  },
} satisfies FetchApplication;
`;

test('the package holds launchers, JavaScript and documents, and no source or test', () => {
  const strange = packed.filter((path) => /\.ts$/.test(path) && path !== TYPES && path !== EXAMPLE);
  assert.deepEqual(strange, []);
  const tests = packed.filter(
    (path) =>
      /\.test\.|^test\/|^app\/|build\.js$|bundle\.js$|inputs\.json$/.test(path) &&
      !path.endsWith('/README.md'),
  );
  assert.deepEqual(tests, []);
  const built = ENTRIES.flatMap((name) => [`dist/${name}.js`, `dist/${name}.js.map`]);
  for (const path of ['LICENSE', 'README.md', 'CHANGELOG.md', TYPES, ...built]) {
    assert.ok(packed.includes(path), `${path} is not packed`);
  }
});

const TYPES = 'dist/appserver/gateway.d.ts';
/** Beside nginx.conf, to copy. */
const EXAMPLE = 'appserver.config.ts';

test('the package asks for what its JavaScript imports, and for no more', () => {
  const imported = new Set<string>();
  const IMPORT =
    /\bfrom ["']([^"'.][^"'\s]*)["'];|\bimport\(["']([^"'.][^"']*)["']\)|\(import\.meta\.url\)\(["']([^"'.][^"']*)["']\)/g;
  for (const path of packed.filter((each) => each.endsWith('.js'))) {
    const text = readFileSync(join(PROJECT, path), 'utf8');
    for (const [, one, two, three] of text.matchAll(IMPORT)) {
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(one ?? two ?? three ?? '')?.[0] ?? '';
      if (!name.startsWith('node:') && name !== 'tandem') imported.add(name);
    }
  }
  const { dependencies } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  assert.deepEqual([...imported].sort(), Object.keys(dependencies).sort());
});

test('every link of a packed page leads to a packed file', () => {
  const broken: string[] = [];
  let seen = 0;
  for (const page of packed.filter((each) => each.endsWith('.md'))) {
    const text = readFileSync(join(PROJECT, page), 'utf8')
      .replace(/^```[\s\S]*?^```/gm, '')
      .replace(/`[^`\n]*`/g, '``');
    for (const [, link, image] of text.matchAll(/\]\(([^)\s]+)\)|<img [^>]*src="([^"]+)"/g)) {
      const target = link ?? image ?? '';
      if (/^[a-z]+:|^#/.test(target)) continue;
      seen++;
      const file = join(dirname(page), target.split('#')[0]!);
      if (!packed.includes(file)) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(seen > 20, 'the links were not read');
});

test('the installed proxy serves a file', async () => {
  write('site/hello.txt', 'hello from the package\n');
  write(
    'site.conf',
    `pid site.pid;
     events {}
     http { server { listen unix:${folder}/site.sock; root site; } }`,
  );
  await running('tandem-proxy', ['-p', folder, '-c', 'site.conf'], async () => {
    const answer = await ask('site.sock', '/hello.txt');
    assert.deepEqual(answer, { status: 200, text: 'hello from the package\n' });
  });
});

test('the installed proxy names an unsupported directive from its reference', () => {
  write('bad.conf', 'events {}\nhttp { perl_modules lib; }\n');
  const { status, stderr } = spawnSync(
    join(folder, 'node_modules', '.bin', 'tandem-proxy'),
    ['-t', '-p', folder, '-c', 'bad.conf'],
    { env: environment(), encoding: 'utf8' },
  );
  assert.match(stderr, /directive "perl_modules" \(module ngx_http_perl_module\) is not supported/);
  assert.equal(status, 1);
});

test('the installed pool runs a fetch application', async () => {
  write('app.ts', APP);
  await running('tandem-appserver', ['app:default', '--bind', 'unix:pool.sock'], async () => {
    assert.deepEqual(await ask('pool.sock', '/a'), { status: 200, text: '/a by worker 1' });
  });
});

test('the installed tandem up runs both tiers', async () => {
  write('both.ts', APP);
  write(
    'both.conf',
    `pid both.pid;
     events {}
     http {
         server { listen unix:${folder}/both.sock; location / { proxy_pass http://unix:run/both.sock; } }
     }`,
  );
  const words = [
    'up',
    '-c',
    'both.conf',
    '--app',
    'both:default',
    '--',
    '--bind',
    'unix:run/both.sock',
  ];
  mkdirSync(join(folder, 'run'));
  await running('tandem', words, async () => {
    await ask('run/both.sock', '/');
    assert.deepEqual(await ask('both.sock', '/b'), { status: 200, text: '/b by worker 1' });
  });
});

test('an application is checked against the types of tandem/gateway', () => {
  write('typed/right.ts', APP);
  write('typed/wrong.ts', APP.replace('new Response', 'String'));
  const types = join(PROJECT, 'node_modules', '@types');
  const compilerOptions = { module: 'nodenext', strict: true, noEmit: true, typeRoots: [types] };
  write(
    'typed/tsconfig.json',
    JSON.stringify({ compilerOptions: { ...compilerOptions, types: ['node'] } }),
  );
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(folder, 'typed')],
    { encoding: 'utf8' },
  );
  assert.notEqual(status, 0);
  assert.match(stdout, /wrong\.ts.*error TS\d+: .*=> string'/);
  assert.doesNotMatch(stdout, /right\.ts/);
});

test('an old Node in somebody else’s project is told what to do there', () => {
  const old = "Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } });";
  const start = (cwd: string): string =>
    spawnSync(
      process.execPath,
      [
        '--import',
        `data:text/javascript,${old}`,
        join(folder, 'node_modules', 'tandem', 'bin', 'tandem-proxy.js'),
      ],
      { cwd, encoding: 'utf8' },
    ).stderr;
  assert.match(start(folder), /\nIn this project: npm install -D node@24, and npx finds it/);
  assert.match(start(tmpdir()), /\nInstall it from https:\/\/nodejs\.org\//);
  write('node_modules/node/bin/node', '');
  assert.match(start(folder), /\nThis project has one already, .*: npx tandem\n/);
});

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const said = run(join(folder, 'node_modules', '.bin', 'tandem'), ['--version'], folder);
  assert.equal(said, `tandem ${version} (Node.js ${process.versions.node})\n`);
});

test('on an old Node each launcher says what it needs', () => {
  const old = "Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } });";
  for (const name of LAUNCHERS) {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${old}`, join(PROJECT, 'bin', `${name}.js`), '--version'],
      { encoding: 'utf8' },
    );
    assert.match(stderr, /^tandem needs Node\.js 24\.20 or newer; this is 20\.20\.2\.\n/);
    assert.equal(status, 1);
  }
});
