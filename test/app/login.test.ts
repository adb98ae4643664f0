import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSettings } from '../../app/config/settings.ts';
import { staffOnly } from '../../app/framework/auth/login.ts';
import { createUser } from '../../app/framework/auth/users.ts';
import { path } from '../../app/framework/urls.ts';
import { temporaryFolder } from './database.ts';
import { CSRF, createSite } from './site.ts';
import { createSiteWithUsers, PASSWORD } from './users.ts';

const staffPage = path('staff/', staffOnly({ get: (c) => c.text('for staff') }));

function siteWithUsers(t: TestContext, environment: Readonly<Record<string, string>> = {}) {
  return createSiteWithUsers(t, { routes: [staffPage], environment });
}

test('staff logs in, is welcomed once, and logs out', async (t) => {
  const { ask, send, login } = await siteWithUsers(t);
  const asked = await ask('/staff/?a=b');
  assert.equal(asked.headers.get('location'), '/accounts/login/?next=%2Fstaff%2F%3Fa%3Db');
  const response = await login('ada');
  assert.equal(response.status, 303);
  assert.equal(response.headers.get('location'), '/staff/');
  const cookies = response.headers.getSetCookie().filter((line) => line.startsWith('sessionid='));
  assert.equal(cookies.length, 1);
  assert.match(cookies[0] ?? '', /; Path=\/; HttpOnly; SameSite=Lax$/);
  assert.equal(await (await ask('/staff/')).text(), 'for staff');
  assert.match(await (await ask('/polls/')).text(), /Welcome, ada\./);
  assert.doesNotMatch(await (await ask('/polls/')).text(), /Welcome/);
  assert.equal((await send('/polls/', '/accounts/logout/', {})).status, 303);
  assert.equal((await ask('/staff/')).status, 302);
});

test('a user who is no staff gets 403', async (t) => {
  const { ask, login } = await siteWithUsers(t);
  await login('bob');
  assert.equal((await ask('/staff/')).status, 403);
});

test('where the table of users is gone, somebody logged in sees the page for errors', async (t) => {
  t.mock.method(console, 'error', () => {});
  const { database, ask, login } = await createSiteWithUsers(t);
  await login('ada');
  await database.schema.dropTable('auth_user').execute();
  const response = await ask('/polls/');
  assert.equal(response.status, 500);
  assert.match(await response.text(), /<h1>Something went wrong on our end<\/h1>/);
});

test('a wrong password and an unknown name get the same answer, and the name is kept', async (t) => {
  t.mock.method(console, 'error', () => {});
  const { login } = await siteWithUsers(t);
  for (const [name, password] of [
    ['ada', 'wrong'],
    ['nobody', PASSWORD],
  ] as const) {
    const response = await login(name, password);
    assert.equal(response.status, 400);
    const html = await response.text();
    assert.match(html, /role="alert">Please enter a correct name and password\.</);
    assert.match(html, new RegExp(`name="username" value="${name}"`));
  }
});

test('after login nobody is sent to another site', async (t) => {
  const { login } = await siteWithUsers(t);
  for (const next of [
    'http://evil.test/',
    '//evil.test/',
    '/\\evil.test',
    '/\t/evil.test',
    '/.//evil.test',
    'javascript:alert(1)',
  ]) {
    assert.equal((await login('ada', PASSWORD, next)).headers.get('location'), '/', next);
  }
});

test('login makes the CSRF tokens from before it void', async (t) => {
  const { jar, ask, login } = await siteWithUsers(t);
  await ask('/accounts/login/');
  const before = jar.get('csrftoken');
  await login('ada');
  assert.notEqual(jar.get('csrftoken'), before);
});

test('over https every cookie is for https alone', async (t) => {
  const { database, request } = await createSite(t);
  await createUser(database, { username: 'ada', password: PASSWORD, isStaff: true });
  const url = 'https://polls.test:8080';
  const headers = { ...CSRF.headers, Origin: url };
  const body = new URLSearchParams({ ...CSRF.field, username: 'ada', password: PASSWORD });
  const response = await request('/accounts/login/', { method: 'POST', headers, body }, url);
  const cookies = response.headers.getSetCookie();
  assert.deepEqual(cookies.map((line) => line.split('=')[0]).sort(), ['csrftoken', 'sessionid']);
  for (const line of cookies) assert.match(line, /; HttpOnly; Secure; SameSite=Lax$/);
});

test('a form without a token, or with another client’s, is refused', async (t) => {
  const { ask } = await siteWithUsers(t);
  await ask('/accounts/login/');
  for (const csrfmiddlewaretoken of ['', 'A'.repeat(43), 'A'.repeat(86)]) {
    const body = new URLSearchParams({ username: 'ada', password: PASSWORD, csrfmiddlewaretoken });
    const response = await ask('/accounts/login/', { method: 'POST', body });
    assert.equal(response.status, 403);
  }
});

test('a session that was changed is none', async (t) => {
  const { jar, ask, login } = await siteWithUsers(t);
  await login('bob');
  const session = jar.get('sessionid') ?? '';
  jar.set('sessionid', session.replace('userId%22%3A2', 'userId%22%3A1'));
  assert.notEqual(jar.get('sessionid'), session);
  assert.equal((await ask('/staff/')).status, 302);
});

test('a changed password ends the sessions of before', async (t) => {
  const { database, ask, login } = await siteWithUsers(t);
  await login('ada');
  await database
    .withTables<{ auth_user: { password: string } }>()
    .updateTable('auth_user')
    .set({ password: 'scrypt$other' })
    .execute();
  assert.equal((await ask('/staff/')).status, 302);
});

test('a session signed with a former key holds while that key is a fallback', async (t) => {
  const old = await siteWithUsers(t, { SECRET_KEY: 'old' });
  await old.login('ada');
  for (const [fallbacks, status] of [
    ['older, old', 200],
    ['older', 302],
  ] as const) {
    const rotated = await siteWithUsers(t, { SECRET_KEY: 'new', SECRET_KEY_FALLBACKS: fallbacks });
    // The salt of a password is the user's own, so both sites share ada's row.
    const ada = await old.database
      .withTables<{ auth_user: { username: string; password: string } }>()
      .selectFrom('auth_user')
      .select('password')
      .where('username', '=', 'ada')
      .executeTakeFirstOrThrow();
    await rotated.database
      .withTables<{ auth_user: { username: string; password: string } }>()
      .updateTable('auth_user')
      .set(ada)
      .where('username', '=', 'ada')
      .execute();
    rotated.jar.set('sessionid', old.jar.get('sessionid') ?? '');
    assert.equal((await rotated.ask('/staff/')).status, status, fallbacks);
  }
});

test('without SECRET_KEY one is made once beside the database', async (t) => {
  const databasePath = join(await temporaryFolder(t), 'db.sqlite3');
  const keys = () => readSettings({ DATABASE_PATH: databasePath }).secretKeys();
  assert.match(keys()[0] ?? '', /^[\w-]{64}$/);
  assert.deepEqual(keys(), keys());
});
