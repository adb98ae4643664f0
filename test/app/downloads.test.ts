import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { staffOnly } from '../../app/framework/auth/login.ts';
import { sendProtected } from '../../app/framework/downloads.ts';
import { path } from '../../app/framework/urls.ts';
import { createQuestions } from '../../app/polls/models.ts';
import { temporaryFolder } from './database.ts';
import { CSRF, createSite, ORIGIN, questionOf } from './site.ts';
import { addUser, PASSWORD } from './users.ts';

/** A site whose protected folder has `files`, the staff user ada and the user bob. */
async function siteWithFiles(t: TestContext, files: Readonly<Record<string, string>>) {
  const parent = await temporaryFolder(t);
  const folder = join(parent, 'protected');
  await mkdir(folder);
  await writeFile(join(parent, 'outside.txt'), 'outside');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const open = path('open/<str:name>', { get: (c, { name }) => sendProtected(c, name) });
  const staff = path('staff/', staffOnly({ get: (c) => c.text('staff') }));
  const environment = { PROTECTED_ROOT: folder };
  const site = await createSite(t, { routes: [open, staff], environment });
  for (const username of ['ada', 'bob']) {
    await addUser(site.database, username, username === 'ada');
  }
  /** The cookies of a browser that has logged in. */
  const login = async (username: string): Promise<string> => {
    const response = await site.submit('/accounts/login/', { username, password: PASSWORD });
    return response.headers
      .getSetCookie()
      .map((line) => line.replace(/;.*/, ''))
      .join('; ');
  };
  return { ...site, folder, login };
}

test('a file that is there is left to the proxy, under its name and type', async (t) => {
  const names = ['a.csv', 'Übersicht 100% #1?.csv', "it's %2e%2e.pdf", 'no-type'];
  const { request } = await siteWithFiles(t, Object.fromEntries(names.map((name) => [name, 'x'])));
  const types = [
    'text/csv; charset=utf-8',
    'text/csv; charset=utf-8',
    'application/pdf',
    'application/octet-stream',
  ];
  for (const [index, name] of names.entries()) {
    const response = await request(`/open/${encodeURIComponent(name)}`);
    assert.equal(response.status, 200, name);
    const to = response.headers.get('x-accel-redirect') ?? '';
    assert.match(to, /^\/protected\/[\w.%'()!*~-]+$/);
    assert.equal(decodeURIComponent(to), `/protected/${name}`);
    assert.equal(response.headers.get('content-type'), types[index]);
    assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="/);
    assert.equal(await response.text(), '');
  }
});

test('no name leads out of the folder, to a link or to a hidden file', async (t) => {
  const { folder, request } = await siteWithFiles(t, { 'a.csv': 'x', '.hidden': 'x' });
  await mkdir(join(folder, 'folder'));
  await writeFile(join(folder, 'folder', 'b.csv'), 'x');
  await symlink('../outside.txt', join(folder, 'link'));
  for (const name of [
    'none.csv',
    '..%2Foutside.txt',
    '%2e%2e%2foutside.txt',
    '..%5Coutside.txt',
    '%2Fetc%2Fpasswd',
    'folder',
    'folder%2Fb.csv',
    '.hidden',
    '%2e',
    'link',
    'a.csv%00',
    'a.csv%0D%0AX-Bad:%201',
    '%252e%252e%252foutside.txt',
    'x'.repeat(300),
  ]) {
    const response = await request(`/open/${name}`);
    assert.equal(response.headers.get('x-accel-redirect'), null, name);
    assert.equal(response.status, 404, name);
  }
  assert.equal((await request('/open/a.csv')).status, 200);
});

test('reports are for staff', async (t) => {
  const { request, login } = await siteWithFiles(t, { 'a.csv': 'x' });
  const bob = { headers: { Cookie: await login('bob') } };
  const ada = { headers: { Cookie: await login('ada') } };
  for (const page of ['/polls/reports/', '/polls/reports/a.csv']) {
    const asked = await request(page);
    assert.equal(
      asked.headers.get('location'),
      `/accounts/login/?next=${encodeURIComponent(page)}`,
    );
    assert.equal(asked.headers.get('x-accel-redirect'), null);
    assert.equal((await request(page, bob)).status, 403);
    const allowed = await request(page, ada);
    assert.equal(allowed.status, 200);
    assert.equal(allowed.headers.get('cache-control'), 'no-store');
  }
  assert.equal((await request('/polls/reports/none.csv', ada)).status, 404);
});

test('staff makes a report of all polls, and of a day there is one', async (t) => {
  const { database, folder, request, login } = await siteWithFiles(t, {});
  await createQuestions(database, [questionOf('Tea?', ['Green', 'Grün'])]);
  const cookie = await login('ada');
  const token = /csrftoken=([^;]+)/.exec(cookie)?.[1] ?? '';
  const make = () =>
    request('/polls/reports/', {
      method: 'POST',
      headers: { Cookie: cookie, Origin: ORIGIN },
      body: new URLSearchParams({ csrfmiddlewaretoken: token }),
    });
  assert.match(
    await (await request('/polls/reports/', { headers: { Cookie: cookie } })).text(),
    /No reports yet/,
  );
  for (const response of [await make(), await make()]) {
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/polls/reports/');
  }
  const names = await readdir(folder);
  assert.match(names.join(), /^polls-\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile(join(folder, names[0]!), 'utf8');
  assert.match(
    text,
    /^\ufeffquestion_id,[\w,]+\r\n1,Tea\?,[^,]+,1,Green,0\r\n1,Tea\?,[^,]+,2,Grün,0\r\n$/,
  );
  const page = await (await request('/polls/reports/', { headers: { Cookie: cookie } })).text();
  assert.match(page, new RegExp(`href="/polls/reports/${names[0]}"`));
  assert.equal(
    (await request('/polls/reports/', { method: 'POST', headers: CSRF.headers })).status,
    302,
  );
});
