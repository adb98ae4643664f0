import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE_DIR, readSettings } from '../../app/config/settings.ts';
import { MANIFEST_NAME, readManifest } from '../../app/framework/static/manifest.ts';
import { startPool } from '../appserver/pool-process.ts';
import { databaseVariables, freshDatabase, temporaryFolder } from './database.ts';
import { runManage } from './manage-process.ts';
import { createSite } from './site.ts';

const KEY = 'kX9!pW2@zR7#mN4$vB6%cT1^yH8&jL3*gF5(dS0)aQ-eU_iO=tP+';

test('collectstatic says what it did in the words of Django', async (t) => {
  const staticRoot = join(await temporaryFolder(t), 'static');
  const collect = (...args: string[]) =>
    runManage({ STATIC_ROOT: staticRoot }, ['collectstatic', ...args]);
  const first = await collect('--noinput');
  assert.deepEqual([first.stderr, first.code], ['', 0]);
  const words = /^(\d+) static files copied to '(.*)', (\d+) post-processed\.\n$/;
  const [, copied, place, hashed] = words.exec(first.stdout) ?? [];
  assert.deepEqual([place, copied], [staticRoot, hashed]);
  const again = await collect();
  assert.equal(again.stdout, `0 static files copied to '${staticRoot}', ${copied} unmodified.\n`);
  const file = join(staticRoot, 'site.css');
  writeFileSync(file, 'changed');
  const one = await collect('-n');
  assert.match(
    one.stdout,
    /^Pretending to copy '.*\/app\/static\/site\.css'\n1 static file copied to /,
  );
  assert.equal(readFileSync(file, 'utf8'), 'changed');
});

test('without a terminal nothing that may be foreign is deleted or overwritten unasked', async (t) => {
  const folder = await temporaryFolder(t);
  const collect = (...args: string[]) =>
    runManage({ STATIC_ROOT: folder }, ['collectstatic', ...args]);
  writeFileSync(join(folder, 'thesis.txt'), 'the only copy');
  const refused = await collect();
  assert.equal(
    refused.stderr,
    `this may overwrite files in '${folder}': use --noinput to allow it\n`,
  );
  assert.equal(refused.code, 1);
  assert.equal((await collect('--noinput')).code, 0);
  const clear = await collect('--clear');
  assert.equal(
    clear.stderr,
    `this may delete all other files in '${folder}': use --noinput to allow it\n`,
  );
  assert.ok(existsSync(join(folder, 'thesis.txt')));
  const cleared = await collect('--clear', '--noinput');
  assert.match(cleared.stdout, /^Deleting 'thesis\.txt'\n0 static files/);
});

test('a destination among the sources fails without a stack', async () => {
  const settings = { STATIC_ROOT: join('app', 'static', 'x') };
  const { stderr, code } = await runManage(settings, ['collectstatic', '--noinput']);
  assert.match(stderr, /^cannot collect the static files: STATIC_ROOT ".*" and .* overlap\n$/);
  assert.equal(code, 1);
});

test('a page of the pool names collected files that are there', async (t) => {
  const place = await freshDatabase(t);
  const staticRoot = await temporaryFolder(t);
  const environment = { ...databaseVariables(place), STATIC_ROOT: staticRoot };
  await runManage(environment, ['migrate']);
  await runManage(environment, ['collectstatic', '--noinput']);
  const pool = await startPool(t, {
    files: {},
    args: [`${join(BASE_DIR, 'app', 'server.ts')}:application`],
    env: environment,
  });
  const { text: body } = await pool.ask('/polls/');
  const names = [...body.matchAll(/"\/static\/([^"]+)"/g)].map(([, name = '']) => name);
  assert.ok(names.length >= 3, body);
  for (const name of names) {
    assert.match(name, /\.[0-9a-f]{12}\.(css|svg|js)$/);
    assert.ok(existsSync(join(staticRoot, name)), name);
  }
});

test('a page names plain files without a manifest and with DEBUG', async (t) => {
  const staticRoot = await temporaryFolder(t);
  const plain = /"\/static\/site\.css"/;
  const early = await createSite(t, { environment: { STATIC_ROOT: staticRoot } });
  assert.match(await (await early.request('/polls/')).text(), plain);
  await runManage({ STATIC_ROOT: staticRoot }, ['collectstatic', '--noinput']);
  const debug = await createSite(t, { environment: { STATIC_ROOT: staticRoot, DEBUG: '1' } });
  assert.match(await (await debug.request('/polls/')).text(), plain);
  const late = await createSite(t, { environment: { STATIC_ROOT: staticRoot } });
  assert.match(await (await late.request('/polls/')).text(), /"\/static\/site\.[0-9a-f]{12}\.css"/);
});

test('a name that the manifest lacks is answered 500, and the log says what to run', async (t) => {
  const staticRoot = await temporaryFolder(t);
  writeFileSync(join(staticRoot, MANIFEST_NAME), '{"version": 1, "paths": {}}');
  const { request } = await createSite(t, { environment: { STATIC_ROOT: staticRoot } });
  const logged = t.mock.method(console, 'error', () => {});
  const response = await request('/polls/');
  assert.equal(response.status, 500);
  assert.equal(await response.text(), 'Internal Server Error\n');
  const [, error] = logged.mock.calls[0]!.arguments;
  assert.match(String(error), /has no "favicon\.svg": run collectstatic.*base\.html/s);
});

test('check --deploy wants the static files collected as they are', async (t) => {
  const staticRoot = join(await temporaryFolder(t), 'static');
  const environment = {
    ...databaseVariables(await freshDatabase(t)),
    STATIC_ROOT: staticRoot,
    SECRET_KEY: KEY,
  };
  await runManage(environment, ['migrate']);
  const check = () => runManage(environment, ['check', '--deploy']);
  assert.match((await check()).stderr, /\(deploy\.E004\) no static files are collected in /);
  await runManage(environment, ['collectstatic']);
  const whole = await check();
  assert.deepEqual([whole.stdout, whole.code], ['System check identified no issues.\n', 0]);
  const { 'site.css': hashed, ...others } = readManifest(staticRoot)!;
  rmSync(join(staticRoot, hashed!));
  assert.match(
    (await check()).stderr,
    /\(deploy\.E005\) the collected copy of the static file "site\.css" is missing or out of date/,
  );
  await runManage(environment, ['collectstatic']);
  writeFileSync(
    join(staticRoot, MANIFEST_NAME),
    JSON.stringify({ version: 1, paths: { ...others, 'site.css': 'site.css' } }),
  );
  assert.match((await check()).stderr, /E005.*site\.css/);
  writeFileSync(join(staticRoot, MANIFEST_NAME), 'no json');
  assert.match((await check()).stderr, /\(site\.E001\) the site does not start: .* is no manifest/);
});

test('the pages that the proxy shows alone name files that are there under their own names', async (t) => {
  const { staticFolders, staticUrl } = readSettings({});
  const staticRoot = join(await temporaryFolder(t), 'static');
  mkdirSync(staticRoot);
  await runManage({ STATIC_ROOT: staticRoot }, ['collectstatic']);
  const errors = join(staticRoot, 'errors');
  const pages = readdirSync(errors).filter((name) => /^[\w-]+\.\w\w\.html$/.test(name));
  assert.equal(pages.length, 4);
  const names = pages.flatMap((page) => {
    const html = readFileSync(join(errors, page), 'utf8');
    return [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, name = '']) => name);
  });
  assert.ok(names.length >= 2 * pages.length);
  for (const name of names) {
    assert.ok(name.startsWith(staticUrl), name);
    for (const folder of [staticRoot, ...staticFolders]) {
      assert.ok(existsSync(join(folder, name.slice(staticUrl.length))), name);
    }
  }
});
