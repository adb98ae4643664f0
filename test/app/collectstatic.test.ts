import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { collectStatic, planCollection } from '../../app/framework/static/collect.ts';
import { MANIFEST_NAME } from '../../app/framework/static/manifest.ts';
import { makeStaticSite, type StaticSite } from './static-files.ts';

const LONG = 'a { color: red }\n'.repeat(50);

test('a file stands under its own name and under one with 12 digits of its SHA-256', async (t) => {
  const site = await makeStaticSite(t, { 'a/site.css': LONG, LICENSE: 'free', 'x.tar.gz': 'z' });
  const { said, ...counts } = await site.collect();
  assert.deepEqual(counts, { copied: 3, unmodified: 0, postProcessed: 3 });
  const digits = createHash('sha256').update(LONG).digest('hex').slice(0, 12);
  assert.equal(site.hashed('a/site.css'), `a/site.${digits}.css`);
  for (const name of ['a/site.css', `a/site.${digits}.css`])
    assert.equal(`${site.read(name)}`, LONG);
  assert.match(site.hashed('LICENSE'), /^LICENSE\.[0-9a-f]{12}$/);
  assert.match(site.hashed('x.tar.gz'), /^x\.tar\.[0-9a-f]{12}\.gz$/);
  assert.deepEqual(said, []);
});

test('a second run finds nothing to do, and the same bytes come of the same files', async (t) => {
  const files = { 'a.css': `${LONG}b{c:url(d.svg)}`, 'd.svg': LONG };
  const [one, other] = [await makeStaticSite(t, files), await makeStaticSite(t, files)];
  await one.collect();
  const { said: _, ...again } = await one.collect();
  assert.deepEqual(again, { copied: 0, unmodified: 2, postProcessed: 0 });
  await other.collect();
  const names = globSync('**/*', { cwd: one.staticRoot }).sort();
  assert.deepEqual(globSync('**/*', { cwd: other.staticRoot }).sort(), names);
  assert.ok(names.includes('a.css.br') && names.includes(MANIFEST_NAME));
  for (const name of names) assert.deepEqual(one.read(name), other.read(name), name);
});

test('a style sheet names the hashed files, query and fragment stay as they are', async (t) => {
  const site = await makeStaticSite(t, {
    'css/a.css': `@import "b.css";
@font-face { src: url('../fonts/f.eot?#iefix') }
.x { background: url(../img/a%20b.svg#icon), url("/static/img/a b.svg") }
.y { background: url(https://other.test/c.png), url(//other.test/c.png), url(/media/c.png), url(data:image/png;base64,AA==), url(#icon), url(../img/) }`,
    'css/b.css': 'b { c: d }',
    'fonts/f.eot': 'font',
    'img/a b.svg': '<svg/>',
  });
  await site.collect();
  const base = (name: string) => site.hashed(name).split('/').at(-1)!.replaceAll(' ', '%20');
  assert.equal(
    `${site.read(site.hashed('css/a.css'))}`,
    `@import "${base('css/b.css')}";
@font-face { src: url('../fonts/${base('fonts/f.eot')}?#iefix') }
.x { background: url(../img/${base('img/a b.svg')}#icon), url("/static/img/${base('img/a b.svg')}") }
.y { background: url(https://other.test/c.png), url(//other.test/c.png), url(/media/c.png), url(data:image/png;base64,AA==), url(#icon), url(../img/) }`,
  );
  // Under its own name it is as it was written, and so are the names in it.
  assert.match(`${site.read('css/a.css')}`, /^@import "b\.css"/);
});

test('a script names the hashed modules and its source map', async (t) => {
  const site = await makeStaticSite(t, {
    'js/main.js': `import { x } from './lib/x.js';\nimport('/static/js/lib/x.js');\n//# sourceMappingURL=main.js.map\n`,
    'js/main.js.map': '{}',
    'js/lib/x.js': 'export const x = 1;',
  });
  await site.collect();
  const x = site.hashed('js/lib/x.js').split('/').at(-1);
  const map = site.hashed('js/main.js.map').split('/').at(-1);
  assert.equal(
    `${site.read(site.hashed('js/main.js'))}`,
    `import { x } from './lib/${x}';\nimport('/static/js/lib/${x}');\n//# sourceMappingURL=${map}\n`,
  );
});

test('a change of an image changes the names of all that lead to it, and of nothing else', async (t) => {
  const site = await makeStaticSite(t, {
    'a.css': '@import "b.css";',
    'b.css': 'b { c: url(i.png) }',
    'i.png': 'one',
    'z.css': 'z { c: d }',
  });
  await site.collect();
  const names = ['a.css', 'b.css', 'i.png', 'z.css'];
  const before = names.map(site.hashed);
  site.write('i.png', 'two');
  const { said: _, ...counts } = await site.collect();
  const after = names.map(site.hashed);
  assert.deepEqual(
    names.filter((_, index) => before[index] !== after[index]),
    ['a.css', 'b.css', 'i.png'],
  );
  assert.deepEqual(counts, { copied: 1, unmodified: 3, postProcessed: 3 });
  // Pages that clients hold name the former files.
  for (const name of before) assert.ok(existsSync(join(site.staticRoot, name)), name);
});

test('modules that import each other in a ring name each other, and change their names together', async (t) => {
  const site = await makeStaticSite(t, {
    'a.js': "import './b.js';",
    'b.js': "import './c.js'; import './d.js';",
    'c.js': "import './a.js';",
    'd.js': 'export const d = 1;',
    'self.css': 'a { b: url(self.css) }',
  });
  await site.collect();
  const [a, b, c, d] = ['a.js', 'b.js', 'c.js', 'd.js'].map(site.hashed);
  assert.equal(`${site.read(a!)}`, `import './${b}';`);
  assert.equal(`${site.read(b!)}`, `import './${c}'; import './${d}';`);
  assert.equal(`${site.read(c!)}`, `import './${a}';`);
  const self = site.hashed('self.css');
  assert.equal(`${site.read(self)}`, `a { b: url(${self}) }`);
  for (const changed of ['c.js', 'd.js']) {
    const before = ['a.js', 'b.js', 'c.js'].map(site.hashed);
    site.write(changed, `${site.read(changed)} // changed`);
    await site.collect();
    const after = ['a.js', 'b.js', 'c.js'].map(site.hashed);
    for (const name of before) assert.ok(!after.includes(name), `${changed}: ${name}`);
  }
});

test('a file that names one that is not there is told with its line, and nothing is written', async (t) => {
  for (const [name, text, message] of [
    [
      'a.css',
      'a{}\nb { c: url(img/none.png?x) }',
      'a.css:2: "img/none.png?x" is no static file ("img/none.png")',
    ],
    [
      'd/a.css',
      '@import "../../up.css";',
      'd/a.css:1: "../../up.css" is no static file ("../up.css")',
    ],
    [
      'a.js',
      "\n\nimport '/static/none.js'",
      'a.js:3: "/static/none.js" is no static file ("none.js")',
    ],
  ] as const) {
    const site = await makeStaticSite(t, { [name]: text });
    await assert.rejects(site.collect(), { message });
    assert.equal(existsSync(site.staticRoot), false);
  }
});

test('a source map that is not there is left as it is written', async (t) => {
  const site = await makeStaticSite(t, { 'a.js': 'f()\n//# sourceMappingURL=a.js.map' });
  await site.collect();
  assert.match(`${site.read(site.hashed('a.js'))}`, /=a\.js\.map$/);
});

test('siblings are compressed, of the same time as the file, and only where they are smaller', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': LONG, 'tiny.css': 'a{}', 'p.png': LONG });
  utimesSync(join(site.staticFolders[0]!, 'a.css'), 1_700_000_000, 1_700_000_000);
  await site.collect();
  for (const name of ['a.css', site.hashed('a.css')]) {
    assert.equal(`${gunzipSync(site.read(`${name}.gz`))}`, LONG);
    assert.equal(`${brotliDecompressSync(site.read(`${name}.br`))}`, LONG);
    assert.equal(`${zstdDecompressSync(site.read(`${name}.zst`))}`, LONG);
    for (const ending of ['', '.gz', '.br', '.zst']) {
      const { size, mtimeMs } = statSync(join(site.staticRoot, name + ending));
      assert.equal(mtimeMs, 1_700_000_000_000, name + ending);
      assert.ok(ending === '' || size < LONG.length);
    }
  }
  const others = readdirSync(site.staticRoot).filter((name) =>
    /^(tiny|p)\..*\.(gz|br|zst)$/.test(name),
  );
  assert.deepEqual(others, []);
});

test('a sibling of former content does not stay, one that got lost is made again', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': LONG, 'b.css': LONG });
  await site.collect();
  const lost = join(site.staticRoot, 'b.css.gz');
  const { mtimeMs } = statSync(lost);
  rmSync(lost);
  site.write('a.css', 'a{}');
  await site.collect();
  for (const ending of ['gz', 'br', 'zst']) {
    assert.equal(existsSync(join(site.staticRoot, `a.css.${ending}`)), false, ending);
  }
  assert.equal(`${gunzipSync(site.read('b.css.gz'))}`, LONG);
  assert.equal(statSync(lost).mtimeMs, mtimeMs);
});

test('a compressed file of the site itself is kept in place of our sibling', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': LONG, 'a.css.gz': 'mine' });
  await site.collect();
  assert.equal(`${site.read('a.css.gz')}`, 'mine');
  assert.ok(existsSync(join(site.staticRoot, 'a.css.br')));
});

test('of two folders the first counts, and hidden files and backups are left out', async (t) => {
  const site = await makeStaticSite(t, {
    'a.txt': 'one',
    '.hidden': '',
    'a.txt~': '',
    'CVS/x': '',
  });
  const second = join(site.staticRoot, '..', 'second');
  mkdirSync(second);
  for (const name of ['a.txt', 'b.txt']) writeFileSync(join(second, name), 'two');
  const folders = { ...site, staticFolders: [...site.staticFolders, second] };
  await collectStatic(folders, { isClear: false, isDryRun: false, say: () => {} });
  assert.equal(`${site.read('a.txt')}${site.read('b.txt')}`, 'onetwo');
  const plain = readdirSync(site.staticRoot).filter((name) => /^\.|~|CVS/.test(name));
  assert.deepEqual(plain, []);
});

test('--clear deletes what is not of this run, once the new manifest stands', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': LONG, 'old/b.css': LONG });
  await site.collect();
  const former = site.hashed('a.css');
  rmSync(join(site.staticFolders[0]!, 'old'), { recursive: true });
  site.write('a.css', `${LONG}/* new */`);
  const { said } = await site.collect({ isClear: true });
  for (const name of [former, `${former}.gz`, 'old/b.css']) {
    assert.equal(existsSync(join(site.staticRoot, name)), false, name);
    assert.ok(said.includes(`Deleting '${name}'`), name);
  }
  assert.ok(existsSync(join(site.staticRoot, `${site.hashed('a.css')}.gz`)));
  assert.deepEqual((await site.collect({ isClear: true })).said, []);
});

test('what a killed run left behind is deleted by --clear, not what another run is using', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': LONG });
  await site.collect();
  const [left, used] = ['.collecting-left', '.collecting-used'].map((name) =>
    join(site.staticRoot, name),
  );
  for (const folder of [left!, used!]) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), 'half');
  }
  utimesSync(left!, 1_700_000_000, 1_700_000_000);
  await site.collect({ isClear: true });
  assert.deepEqual([existsSync(left!), existsSync(join(used!, 'file'))], [false, true]);
});

test('--dry-run says what a run would do, and does nothing', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': LONG, 'b.css': LONG });
  const source = (name: string) => join(site.staticFolders[0]!, name);
  const first = await site.collect({ isDryRun: true });
  assert.deepEqual(first, {
    copied: 2,
    unmodified: 0,
    postProcessed: 2,
    said: [`Pretending to copy '${source('a.css')}'`, `Pretending to copy '${source('b.css')}'`],
  });
  assert.equal(existsSync(site.staticRoot), false);
  await site.collect();
  const former = site.hashed('a.css');
  site.write('a.css', 'new');
  const { said, ...counts } = await site.collect({ isDryRun: true, isClear: true });
  assert.deepEqual(counts, { copied: 1, unmodified: 1, postProcessed: 1 });
  assert.equal(said[0], `Pretending to copy '${source('a.css')}'`);
  assert.ok(said.includes(`Pretending to delete '${former}'`));
  assert.ok(!said.includes(`Pretending to delete '${MANIFEST_NAME}'`));
  assert.equal(`${site.read('a.css')}`, LONG);
});

test('a destination that overlaps a source is refused', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': LONG });
  const source = site.staticFolders[0]!;
  for (const staticRoot of [source, join(source, 'collected'), join(source, '..'), '/']) {
    await assert.rejects(planCollection({ ...site, staticRoot }), /overlap/, staticRoot);
  }
  await planCollection({ ...site, staticRoot: `${source}-2` });
});

test('a static file of the name of the manifest is refused', async (t) => {
  const site = await makeStaticSite(t, { [MANIFEST_NAME]: '{}' });
  await assert.rejects(site.collect(), /that is the name of the manifest/);
});

test('runs at once leave every file whole', async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`${i}.css`, `${LONG}/* ${i} */ a { b: url(i.svg) }`]),
  );
  const site = await makeStaticSite(t, { ...files, 'i.svg': LONG });
  // All of them delete the former files.
  mkdirSync(site.staticRoot);
  for (let i = 0; i < 2000; i++) writeFileSync(join(site.staticRoot, `old-${i}`), '');
  const runs = [1, 2, 3].map(() => once(collectInProcess(site), 'exit'));
  assert.deepEqual(await Promise.all(runs), Array(3).fill([0, null]));
  const { said, ...counts } = await site.collect({ isClear: true });
  assert.deepEqual([said, counts], [[], { copied: 0, unmodified: 41, postProcessed: 0 }]);
  for (const name of Object.keys(files)) {
    assert.deepEqual(
      gunzipSync(site.read(`${site.hashed(name)}.gz`)),
      site.read(site.hashed(name)),
    );
  }
  assert.deepEqual(
    readdirSync(site.staticRoot).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a run that is killed leaves the manifest as it was, and all that it names', async (t) => {
  const site = await makeStaticSite(t, { 'a.css': 'a { b: url(z.svg) }', 'z.svg': '<svg/>' });
  await site.collect();
  const manifest = site.read(MANIFEST_NAME);
  const names = ['a.css', 'z.svg'].map(site.hashed);
  const former = names.map((name) => `${site.read(name)}`);
  site.write('a.css', 'a { b: url(z.svg) } /* new */');
  // To look at what is there already the run opens a pipe that nobody writes to, and stays there.
  const place = join(site.staticRoot, 'z.svg');
  rmSync(place);
  execFileSync('mkfifo', [place]);
  const run = collectInProcess(site);
  const isGone = once(run, 'exit');
  while (!`${site.read('a.css')}`.includes('new')) await setImmediate();
  run.kill('SIGKILL');
  assert.deepEqual(await isGone, [null, 'SIGKILL']);
  assert.deepEqual(site.read(MANIFEST_NAME), manifest);
  assert.deepEqual(
    names.map((name) => `${site.read(name)}`),
    former,
  );
  rmSync(place);
  await site.collect();
  assert.notEqual(site.hashed('a.css'), names[0]);
});

/** A process that collects the files of `site`. */
function collectInProcess(site: StaticSite): ChildProcess {
  const module = join(import.meta.dirname, '..', '..', 'app', 'framework', 'static', 'collect.ts');
  const script = `const { collectStatic } = await import(process.argv[1]);
    await collectStatic(JSON.parse(process.argv[2]), { isClear: true, say() {} });`;
  const args = ['--input-type=module', '-e', script, module, JSON.stringify(site)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
