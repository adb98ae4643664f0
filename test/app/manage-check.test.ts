import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkCatalogues } from '../../app/framework/management/catalogue-check.ts';
import { type Issue, reportOf } from '../../app/framework/management/check.ts';
import { checkSecretKey } from '../../app/framework/management/deploy-check.ts';
import { checkTemplates } from '../../app/framework/management/template-check.ts';
import { createTemplates } from '../../app/framework/templates.ts';
import { path, RouteTable } from '../../app/framework/urls.ts';
import { databaseVariables, freshDatabase, temporaryFolder } from './database.ts';
import { runManage } from './manage-process.ts';

const KEY = 'kX9!pW2@zR7#mN4$vB6%cT1^yH8&jL3*gF5(dS0)aQ-eU_iO=tP+';

test('a site that is whole has no issues', async (t) => {
  const environment = databaseVariables(await freshDatabase(t));
  await runManage(environment, ['migrate']);
  const { stdout, stderr, code } = await runManage(environment, ['check']);
  assert.deepEqual([stdout, stderr, code], ['System check identified no issues.\n', '', 0]);
});

test('a database without its tables is an error that says what to do', async (t) => {
  const place = await freshDatabase(t);
  const { stderr, code } = await runManage(databaseVariables(place), ['check']);
  assert.match(stderr, /^System check identified some issues:\n\nERRORS:\n\(database\.E00[13]\) /);
  assert.match(
    stderr,
    /\n {4}hint: run: npm run manage -- migrate\n\nSystem check identified 1 issue\.\n$/,
  );
  assert.equal(code, 1);
  assert.equal(existsSync(place), false, 'the check made the database');
});

test('a database that does not answer is an error', async (t) => {
  const folder = await temporaryFolder(t);
  const notOne = join(folder, 'text');
  writeFileSync(notOne, 'this is no database, but it is long enough to look at'.repeat(20));
  for (const environment of [
    { DATABASE_URL: '', DATABASE_PATH: notOne },
    { DATABASE_URL: `postgres://nobody@/none?host=${folder}` },
  ]) {
    const { stderr, code } = await runManage(environment, ['check']);
    assert.match(stderr, /\n\(database\.E002\) the database does not answer: \S/);
    assert.equal(code, 1);
  }
});

test('settings that are not fit for a server are errors of check --deploy', async (t) => {
  const environment = databaseVariables(await freshDatabase(t));
  await runManage(environment, ['migrate']);
  const careless = { ...environment, DEBUG: '1', SECRET_KEY: 'short' };
  const { stderr, code } = await runManage(careless, ['check', '--deploy']);
  assert.match(stderr, /\n\(deploy\.E001\) DEBUG is on/);
  assert.match(stderr, /\n\(deploy\.E003\) SECRET_KEY has fewer than 50 characters\n/);
  assert.equal(code, 1);
  assert.equal((await runManage(careless, ['check'])).code, 0);
});

test('check --deploy looks at the key that is kept in SECRET_KEY_FILE, and makes none', async (t) => {
  const SECRET_KEY_FILE = join(await temporaryFolder(t), 'key');
  const environment = {
    ...databaseVariables(await freshDatabase(t)),
    SECRET_KEY: '',
    SECRET_KEY_FILE,
  };
  const check = async () => (await runManage(environment, ['check', '--deploy'])).stderr;
  assert.match(await check(), /\(deploy\.E002\) SECRET_KEY is not set/);
  assert.equal(existsSync(SECRET_KEY_FILE), false);
  writeFileSync(SECRET_KEY_FILE, 'short');
  assert.match(await check(), /\(deploy\.E003\)/);
  writeFileSync(SECRET_KEY_FILE, KEY);
  assert.doesNotMatch(await check(), /deploy\.E00[23]/);
});

test('a secret key is set, long and not one letter over and over', () => {
  assert.deepEqual(checkSecretKey(KEY), []);
  assert.equal(checkSecretKey()[0]?.id, 'deploy.E002');
  assert.equal(checkSecretKey('')[0]?.id, 'deploy.E002');
  assert.equal(checkSecretKey(KEY.slice(0, 49))[0]?.id, 'deploy.E003');
  assert.equal(checkSecretKey('abab'.repeat(20))[0]?.id, 'deploy.E003');
});

/** Checks templates that are `files` beside a route `home` and a static file `site.css`. */
async function checkFiles(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder(t);
  for (const [name, text] of Object.entries({ ...files, '../static/site.css': '' })) {
    const file = join(folder, 'templates', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const templateFolders = [join(folder, 'templates')];
  const view = { get: () => new Response() };
  const routes = new RouteTable([path('', view, 'home'), path('<int:a>/<int:b>/', view, 'two')]);
  const translator = { language: { code: 'en', name: 'English', locale: 'en-GB' } };
  const templates = createTemplates({
    folders: templateFolders,
    staticAddress: (name) => name,
    // Templates are parsed here, and nothing is said.
    translators: [translator as never],
    timeZone: 'UTC',
    reload: true,
    reverse: (name, ...values) => routes.reverse(name, ...values),
  });
  const staticFolders = [join(folder, 'static')];
  return checkTemplates({ templates, routes, templateFolders, staticFolders });
}

test('a template that names what there is has no issues', async (t) => {
  const issues = await checkFiles(t, {
    'base.html': `{% url 'home' %}{%- static "site.css" -%}`,
    'a/page.html': `{% layout 'base.html' %}{% block x %}{% url name %}{% url 'two' x.id "1 2" %}{% endblock %}`,
  });
  assert.deepEqual(issues, []);
});

test('what a template names and is not there is told with its line', async (t) => {
  const issues = await checkFiles(t, {
    'page.html': `{% layout 'none.html' %}\n{% url 'away' 1 %}\n\n{% static "a/b.png" %}{% render 'x' %}`,
  });
  assert.deepEqual(
    issues.map(({ id, message }) => [id, message]),
    [
      ['templates.E004', 'page.html:1: there is no template "none.html"'],
      ['templates.E002', 'page.html:2: no route is named "away"'],
      ['templates.E003', 'page.html:4: there is no static file "a/b.png"'],
      ['templates.E004', 'page.html:4: there is no template "x"'],
    ],
  );
});

test('a url tag with too few or too many values is told', async (t) => {
  const issues = await checkFiles(t, { 'a.html': "{% url 'two' 1 %}\n{%- url 'home' x -%}" });
  assert.deepEqual(
    issues.map(({ id, message }) => [id, message]),
    [
      ['templates.E005', 'a.html:1: the route "two" takes 2 values, got 1'],
      ['templates.E005', 'a.html:2: the route "home" takes 0 values, got 1'],
    ],
  );
});

test('a template that does not parse is told', async (t) => {
  const [issue, ...others] = await checkFiles(t, { 'a/page.html': '{% if x %}', 'ok.html': '' });
  assert.equal(issue?.id, 'templates.E001');
  assert.match(issue.message, /^a\/page\.html does not parse: .*not closed/);
  assert.deepEqual(others, []);
});

test('what a catalogue lacks is a warning', async (t) => {
  const folder = await temporaryFolder(t);
  writeFileSync(join(folder, 'page.html'), "{% translate 'Hello' %}{% translate 'Bye' %}");
  writeFileSync(join(folder, 'de.json'), '{ "Hello": "Hallo" }');
  const issues = await checkCatalogues(
    [
      { code: 'en', name: 'English', locale: 'en-GB' },
      { code: 'de', name: 'Deutsch', locale: 'de-DE' },
    ],
    folder,
    [folder],
  );
  assert.deepEqual(issues, [
    { level: 'WARNING', id: 'catalogues.W001', message: 'de: no translation for "Bye"' },
  ]);
});

test('a report has errors above warnings', () => {
  const issues: Issue[] = [
    { level: 'WARNING', id: 'a.W001', message: 'one' },
    { level: 'ERROR', id: 'b.E001', message: 'two', hint: 'three' },
  ];
  assert.equal(
    reportOf(issues),
    `System check identified some issues:

ERRORS:
(b.E001) two
    hint: three

WARNINGS:
(a.W001) one

System check identified 2 issues.`,
  );
});
