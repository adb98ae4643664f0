/** The pages say what is so: generated ones are fresh, links lead somewhere, commands and files exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { NOTES } from '../docs/directive-notes.ts';
import { generatedPages } from '../docs/generate.ts';

const PROJECT = join(import.meta.dirname, '..');
const PAGES = globSync('{*,docs/*,*/README,{test,deploy}/*/README}.md', { cwd: PROJECT }).sort();
type Table = Readonly<Record<string, string>>;
const { scripts, dependencies, devDependencies } = JSON.parse(read('package.json')) as {
  readonly scripts: Table;
  readonly dependencies: Table;
  readonly devDependencies: Table;
};

const site = JSON.parse(read('app/package.json')) as { readonly dependencies: Table };

function read(name: string): string {
  return readFileSync(join(PROJECT, name), 'utf8');
}

/** Without what stands in code: there a bracket is no link. */
function prose(page: string): string {
  return page.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '``');
}

/** The name that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(page: string): ReadonlySet<string> {
  return new Set(Array.from(page.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => anchorOf(heading)));
}

for (const [name, text] of generatedPages()) {
  test(`docs/${name} is what npm run docs writes`, () => {
    assert.ok(read(join('docs', name)) === text, 'stale: run npm run docs');
  });
}

test('every relative link leads to a file, and to a heading where it names one', () => {
  let seen = 0;
  const broken: string[] = [];
  for (const page of PAGES) {
    for (const [, target = ''] of prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      seen++;
      const [path = '', anchor] = target.split('#', 2);
      const file = path === '' ? page : join(dirname(page), path);
      const isThere = existsSync(join(PROJECT, file));
      const isAnchored = anchor === undefined || (isThere && anchorsOf(read(file)).has(anchor));
      if (!isThere || !isAnchored) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(seen > 20, 'the links were not read');
});

test('every npm script a page names is in package.json', () => {
  const known = new Set([...Object.keys(scripts), 'ci', 'pack', 'install']);
  const unknown: string[] = [];
  for (const page of PAGES) {
    for (const [, name = ''] of read(page).matchAll(/\bnpm (?:run )?(?:-s )?([a-z][a-z:-]*)/g)) {
      if (isCommand(name) && !known.has(name)) unknown.push(`${page}: npm ${name}`);
    }
  }
  assert.deepEqual(unknown, []);
  for (const name of ['start', 'test', 'build', 'bench', 'docs', 'peers']) assert.ok(scripts[name]);
});

/** "npm scripts find it" is prose. */
function isCommand(word: string): boolean {
  return word !== 'scripts';
}

test('the two commands of the README are there', () => {
  const readme = read('README.md');
  assert.match(readme, /^ {4}npm ci && npm start$/m);
  assert.match(readme, /^ {4}npm ci && npm test$/m);
});

test('every file a script runs exists', () => {
  for (const [name, script] of Object.entries(scripts)) {
    for (const [, file = ''] of script.matchAll(/\b(?:node|bash) ([\w./-]+)/g)) {
      assert.ok(existsSync(join(PROJECT, file)), `${name}: ${file}`);
    }
  }
});

test('every source file that a hand-written page names exists', () => {
  const generated = new Set([...generatedPages().keys()].map((name) => `docs/${name}`));
  const missing: string[] = [];
  let seen = 0;
  for (const page of ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: PROJECT })]) {
    if (generated.has(page)) continue;
    const text = read(page);
    for (const [path] of text.matchAll(
      /(?<![\w/.-])(?:wire|http1|prefork|admin|proxy|appserver|cli|app|test|bench|docs|bin)\/[\w./-]*\.(?:ts|js|html|md)\b/g,
    )) {
      seen++;
      const isThere = existsSync(join(PROJECT, path));
      if (!isThere && !existsSync(join(PROJECT, dirname(page), path)))
        missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
  assert.ok(seen > 40, 'the names were not read');
});

test('every package is explained in docs/dependencies.md', () => {
  const page = read('docs/dependencies.md');
  const names = Object.keys({ ...dependencies, ...devDependencies, ...site.dependencies });
  assert.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test('every note on a directive stands on the page of directives', () => {
  const page = read('docs/directives.md');
  for (const [key, note] of Object.entries(NOTES)) {
    assert.ok(page.includes(`\n- Here: ${note}\n`), `the note on ${key} is nowhere`);
  }
});

test('the figures of the README are those of docs/benchmarks.md', () => {
  const [, table = ''] = read('README.md').split('**Why bother?**');
  const benchmarks = read('docs/benchmarks.md');
  const rows = [...table.matchAll(/^\| ([^|]+?) +\| (\S+) +\| \*\*([\d.]+)\*\* \|/gm)];
  for (const [, row = '', reference = '', ratio] of rows) {
    const section = benchmarks.split(`\n### ${row}\n`)[1]?.split('\n### ')[0] ?? '';
    assert.match(section, new RegExp(`ratio to ${reference} \\|`), row);
    assert.equal(/^\| \*\*tandem\*\* \|[^|]*\|[^|]*\| ([\d.]+) \|/m.exec(section)?.[1], ratio, row);
  }
  assert.equal(rows.length, 3);
});

test('README and gateway-interface.md name the same shapes of applications', () => {
  const [readme, rules] = ['README.md', 'docs/gateway-interface.md'].map(
    (page) => /<!-- shapes -->\n((?:.|\n)*?)<!-- \/shapes -->/.exec(read(page))?.[1],
  );
  assert.match(readme ?? '', /Express/);
  assert.equal(readme, rules);
});
