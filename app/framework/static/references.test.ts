import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findReferences, lineAt } from './references.ts';

/** The URLs of `text`, each as it is cut out of it. */
async function cut(name: string, text: string): Promise<string[]> {
  const references = await findReferences(name, text);
  return references.map(({ start, end }) => text.slice(start, end));
}

test('a style sheet names files in url() and @import', async () => {
  const css = `@charset "utf-8"; @import "a.css"; @import url('b.css') print; @import url( c.css );
@font-face { src: url(f.eot?#iefix) format("embedded"), URL( "f.woff" ) }
.x { background: url(../img/a b.png), url(d.png)}`;
  assert.deepEqual(await cut('x.css', css), [
    'a.css',
    'b.css',
    'c.css',
    'f.eot?#iefix',
    'f.woff',
    'd.png',
  ]);
});

test('comments, other texts and other functions of a style sheet name nothing', async () => {
  const css = `/* url(a.png) @import "b.css"; */ .x::before { content: "url(c.png)" 'url(d.png)' }
.y { src: my-url(e.png) } .z { background: url(f.png) } /* never closed url(g.png)`;
  assert.deepEqual(await cut('x.css', css), ['f.png']);
});

test('an escape in a style sheet is undone', async () => {
  const css = String.raw`a { b: url(a\)b.png); c: url("d\"e.png") }`;
  const references = await findReferences('x.css', css);
  assert.deepEqual(
    references.map(({ url }) => url),
    ['a)b.png', 'd"e.png'],
  );
});

test('a script names files in imports and exports, static and dynamic', async () => {
  const js = `import a from './a.js'; import "../b.js"; export * from '/static/c.js';
const re = /'/; export { d } from "./d.js"; import('./e.js'); import data from './f.json' with { type: 'json' };`;
  assert.deepEqual(await cut('x.js', js), [
    './a.js',
    '../b.js',
    '/static/c.js',
    './d.js',
    './e.js',
    './f.json',
  ]);
});

test('what an import map resolves, what is computed and what is no code names nothing', async () => {
  const js = `import vue from 'vue'; // import './a.js'
const text = "import './b.js'"; import('./c' + text); import(\`./\${text}.js\`); import.meta.url;`;
  assert.deepEqual(await cut('x.mjs', js), []);
});

test('a source map is a reference for tools', async () => {
  const js = await findReferences('x.js', 'f()\n//# sourceMappingURL=x.js.map\n');
  assert.deepEqual(
    js.map(({ url, isForTools }) => [url, isForTools]),
    [['x.js.map', true]],
  );
  const css = 'a{}\n/*# sourceMappingURL=x.css.map */';
  assert.deepEqual(await cut('x.css', css), ['x.css.map']);
});

test('a script that does not parse is told with its line', async () => {
  await assert.rejects(findReferences('a/x.js', 'f();\nvar x;\n "abc'), /^Error: a\/x\.js:3: /);
});

test('lines are counted from 1', () => {
  assert.deepEqual([lineAt('a\nb', 0), lineAt('a\nb', 2)], [1, 2]);
});
