import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { SettingError } from '../errors.ts';
import { parseCommandLine } from './command-line.ts';
import { ConfigFileError, type LoadedSettings, loadSettings, printSettings } from './load.ts';

const started = process.cwd();
let folder = '';
let serial = 0;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-settings-')));
});
afterEach(() => {
  process.chdir(started);
  rmSync(folder, { recursive: true });
});

function load(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<LoadedSettings> {
  serial += 1;
  return loadSettings(parseCommandLine(args), environment, { folder, serial });
}

test('the command line wins over CMD_ARGS, over the file, over a single variable', async () => {
  const environment = { WEB_CONCURRENCY: '2' };
  assert.equal((await load([], environment)).settings.workers, 2);
  writeFileSync(join(folder, 'appserver.config.js'), 'export const workers = 3;');
  assert.equal((await load([], environment)).settings.workers, 3);
  const more = { ...environment, TANDEM_APPSERVER_CMD_ARGS: '--workers 4' };
  assert.equal((await load([], more)).settings.workers, 4);
  assert.equal((await load(['-w', '5'], more)).settings.workers, 5);
});

test('PORT gives the default of bind', async () => {
  assert.deepEqual((await load([], { PORT: '5000' })).settings.bind, ['0.0.0.0:5000']);
  assert.deepEqual((await load(['-b', ':1'], { PORT: '5000' })).settings.bind, [':1']);
});

test('a file is read as TypeScript, with named exports and a default object', async () => {
  writeFileSync(
    join(folder, 'appserver.config.ts'),
    'export const bind: string = "unix:a.sock"; export default { threads: 2 };',
  );
  const { settings, configPath } = await load(['app:app']);
  assert.deepEqual(settings.bind, ['unix:a.sock']);
  assert.equal(settings.threads, 2);
  assert.equal(settings.wsgi_app, 'app:app');
  assert.equal(configPath, join(folder, 'appserver.config.ts'));
});

test('a reload sees the file as it is now', async () => {
  writeFileSync(join(folder, 'appserver.config.js'), 'export const workers = 3;');
  assert.equal((await load([])).settings.workers, 3);
  writeFileSync(join(folder, 'appserver.config.js'), 'export const workers = 6;');
  assert.equal((await load([])).settings.workers, 6);
});

test('chdir changes the working directory after the file was found', async () => {
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'appserver.config.js'), 'export const chdir = "sub";');
  for (let times = 0; times < 2; times += 1) {
    assert.equal((await load([])).settings.chdir, join(folder, 'sub'));
    assert.equal(process.cwd(), join(folder, 'sub'));
  }
});

test('an unknown export is named in a warning', async () => {
  writeFileSync(join(folder, 'c.js'), 'export const worker = 3;');
  const { warnings } = await load(['-c', 'c.js']);
  assert.deepEqual(warnings, [`unknown setting "worker" ignored in ${join(folder, 'c.js')}`]);
});

const WRONG: [string[], string, NodeJS.ProcessEnv?][] = [
  [['-w', '-1'], 'Value must be positive: -1'],
  [['-c', 'nofile.ts'], "'nofile.ts' doesn't exist"],
  [['--chdir', 'nowhere'], "can't chdir to 'nowhere'"],
  [['-e', 'FOO'], "environment setting 'FOO' invalid"],
  [
    [],
    "invalid literal for int() with base 0: 'many' (in the variable WEB_CONCURRENCY)",
    { WEB_CONCURRENCY: 'many' },
  ],
];
for (const [args, message, environment] of WRONG) {
  test(`${args.join(' ') || 'a bad variable'} is refused in Gunicorn's words`, async () => {
    await assert.rejects(load(args, environment), new SettingError(message));
  });
}

test('a bad value in the file is named with its setting', async () => {
  writeFileSync(join(folder, 'c.js'), 'export const workers = "a";');
  const text = `Invalid value for workers: a\n\nError: invalid literal for int() with base 0: 'a'`;
  await assert.rejects(load(['-c', 'c.js']), new SettingError(text));
});

test("a hook of Gunicorn's in the file is refused by name", async () => {
  writeFileSync(join(folder, 'c.js'), 'export function on_starting() {}');
  await assert.rejects(load(['-c', 'c.js']), {
    message: `setting "on_starting" is not supported yet (in ${join(folder, 'c.js')})`,
  });
});

test('a file that throws is reported with its cause', async () => {
  writeFileSync(join(folder, 'c.js'), 'throw new Error("boom");');
  await assert.rejects(load(['-c', 'c.js']), (error) => {
    assert.ok(error instanceof ConfigFileError);
    assert.match(String(error.cause), /boom/);
    return true;
  });
});

test('print_config shows every setting, sorted and aligned', async () => {
  const text = printSettings((await load(['-w', '3'])).settings);
  assert.match(text, /^bind {21}= \['127\.0\.0\.1:8000'\]$/m);
  assert.match(text, /^workers {18}= 3$/m);
  const names = text.split('\n').map((line) => line.split(' ')[0]!);
  assert.deepEqual(names.slice(0, -1), names.slice(0, -1).toSorted());
});

for (const [kind, config, part, write] of [
  [
    'a module',
    'import { n } from "./part.js"; export const workers = n;',
    'part.js',
    (n: number) => `export const n = ${n};`,
  ],
  [
    'a module of a module',
    'import { n } from "./between.ts"; export const workers = n;',
    'part.ts',
    (n: number) => `export const n: number = ${n};`,
  ],
  [
    'CommonJS',
    'import part from "./part.cjs"; export const workers = part.n;',
    'part.cjs',
    (n: number) => `exports.n = ${n};`,
  ],
  [
    'JSON',
    'import part from "./part.json" with { type: "json" }; export const workers = part.n;',
    'part.json',
    (n: number) => `{ "n": ${n} }`,
  ],
  [
    'a module later',
    'const { n } = await import("./part.mjs"); export const workers = n;',
    'part.mjs',
    (n: number) => `export const n = ${n};`,
  ],
  [
    'CommonJS by require',
    'import { createRequire } from "node:module"; export const workers = createRequire(import.meta.url)("./part.cjs").n;',
    'part.cjs',
    (n: number) => `exports.n = ${n};`,
  ],
] as const) {
  test(`a reload reads ${kind} that the file imports again`, async () => {
    writeFileSync(join(folder, 'appserver.config.mjs'), config);
    writeFileSync(join(folder, 'between.ts'), 'export { n } from "./part.ts";');
    for (const workers of [3, 4, 5]) {
      writeFileSync(join(folder, part), write(workers));
      assert.equal((await load([])).settings.workers, workers);
    }
  });
}
