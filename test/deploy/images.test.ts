/** What the images are made from, read from the Dockerfile and .dockerignore: no engine is needed. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { suite, test } from 'node:test';

const PROJECT = join(import.meta.dirname, '..', '..');

function read(name: string): string {
  return readFileSync(join(PROJECT, name), 'utf8');
}

/** A stage of the Dockerfile: the one it stands on, and its instructions, one a line. */
interface Stage {
  readonly name: string;
  readonly base: string;
  readonly lines: readonly string[];
}

const STAGES: ReadonlyMap<string, Stage> = new Map(
  read('deploy/docker/Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split(/^FROM /m)
    .slice(1)
    .map((text) => {
      const [, base = '', name = ''] = /^(\S+) AS (\S+)$/m.exec(text) ?? [];
      return [name, { name, base, lines: text.split('\n').slice(1).filter(Boolean) }];
    }),
);

/** The lines of a stage, after those of the stages it stands on. */
function linesOf(name: string): readonly string[] {
  const stage = STAGES.get(name);
  return stage === undefined ? [] : [...linesOf(stage.base), ...stage.lines];
}

/** What a stage copies from the project: the sources of each COPY without `--from`. */
function copiedBy(name: string): readonly string[] {
  return linesOf(name)
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));
}

/** The words of the last `instruction` of a stage. */
function wordsOf(name: string, instruction: string): readonly string[] {
  const line = linesOf(name).findLast((each) => each.startsWith(`${instruction} `)) ?? '';
  return JSON.parse(line.slice(instruction.length));
}

/** Top folders that the sources of `start` import from, and those from which these import. */
function reached(start: readonly string[]): ReadonlySet<string> {
  const found = new Set(start);
  for (const folder of found) {
    for (const file of globSync(`${folder}/**/*.ts`, { cwd: PROJECT })) {
      if (file.endsWith('.test.ts') || file.includes('/fixtures/')) continue;
      for (const [, path = ''] of read(file).matchAll(/\b(?:from|import) '(\.[^']+)'/g)) {
        const [top = ''] = normalize(join(dirname(file), path)).split('/');
        found.add(top);
      }
    }
  }
  return found;
}

interface Rule {
  readonly pattern: RegExp;
  readonly keeps: boolean;
}

/** Rules of .dockerignore. Unlike a shell's, its `*` takes a dot at the begin of a name, too. */
const RULES: readonly Rule[] = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const glob = line.replace(/^!/, '').replaceAll('.', '\\.');
    const words = { '**/': '(?:.*/)?', '*': '[^/]*' };
    const source = glob.replace(/\*\*\/|\*/g, (word) => words[word as keyof typeof words]);
    return { pattern: new RegExp(`^${source}$`), keeps: !line.startsWith('!') };
  });

/** Whether Docker sends `path` to the engine: the last rule decides that matches it or a folder of it. */
function isSent(path: string): boolean {
  const parts = path.split('/');
  const whole = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  const last = RULES.findLast(({ pattern }) => whole.some((each) => pattern.test(each)));
  return last === undefined || !last.keeps;
}

suite('what is sent to the engine', () => {
  test('no secret, no data and no package of this machine is', () => {
    const kept = [
      '.env',
      '.env.local',
      'app/.env',
      '.secret-key',
      'db.sqlite3',
      'db.sqlite3-wal',
      'db.sqlite3.secret-key',
      'run/app.sock',
      'run/static/site.css',
      'node_modules/hono/package.json',
      '.git/config',
      'dist/proxy/main.js',
      'tandem-0.1.0.tgz',
    ];
    assert.deepEqual(kept.filter(isSent), []);
  });

  test('neither tests nor what serves development is', () => {
    const tools = ['bin/build.js', 'bin/bundle.js'];
    const files = ['proxy/config/lexer.test.ts', 'test/run.js', 'bench/run.ts', ...tools];
    for (const file of files) assert.ok(existsSync(join(PROJECT, file)), `${file} is gone`);
    const others = [
      'docs/map.md',
      'deploy/docker/check/main.ts',
      'deploy/docker/stand-ins/Dockerfile',
    ];
    assert.deepEqual([...files, ...others].filter(isSent), []);
  });

  test('everything is that a stage copies', () => {
    const copied = [...STAGES.keys()].flatMap(copiedBy);
    assert.ok(copied.length > 15, 'the stages were not read');
    const lacking = copied.filter((path) => !existsSync(join(PROJECT, path)) || !isSent(path));
    assert.deepEqual(lacking, []);
  });
});

suite('what an image holds', () => {
  test('each tier has every folder that its sources import, and not the other tier', () => {
    const tiers = [
      { image: 'proxy', start: ['prefork', 'proxy'], other: 'appserver' },
      { image: 'appserver', start: ['prefork', 'appserver', 'app'], other: 'proxy' },
    ];
    for (const { image, start, other } of tiers) {
      const copied = copiedBy(image);
      const lacking = [...reached(start)].filter((folder) => !copied.includes(folder));
      assert.deepEqual(lacking, [], `${image} lacks folders`);
      assert.ok(!copied.includes(other), `${image} has ${other}`);
    }
    assert.ok(reached(['proxy']).size > 3, 'the imports were not read');
  });

  test('packages are those that run, without install scripts', () => {
    const installs = [...STAGES.values()].flatMap(({ lines }) =>
      lines.filter((line) => line.includes('npm')),
    );
    assert.equal(installs.length, 1);
    assert.match(installs[0] ?? '', /npm ci --omit=dev --ignore-scripts/);
  });

  test('every image runs as another user than root', () => {
    for (const image of ['proxy', 'appserver', 'nginx']) {
      const user = linesOf(image).findLast((line) => line.startsWith('USER '));
      assert.equal(user, 'USER 1000:1000', image);
    }
  });

  test('Tandem and nginx start with the same words on the one nginx.conf', () => {
    const [program, ...words] = wordsOf('nginx', 'CMD');
    assert.equal(program, 'nginx');
    assert.deepEqual(wordsOf('proxy', 'CMD'), ['node', 'bin/tandem-proxy.js', ...words]);
    for (const image of ['proxy', 'nginx']) {
      assert.ok(linesOf(image).includes('COPY --from=front /srv/tandem ./'), image);
      assert.deepEqual(wordsOf(image, 'ENTRYPOINT'), ['sh', 'front.sh']);
    }
    assert.ok(copiedBy('front').includes('nginx.conf'));
    assert.deepEqual(globSync('deploy/docker/**/*.conf', { cwd: PROJECT }), []);
  });
});
