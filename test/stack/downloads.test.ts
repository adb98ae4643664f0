/** Downloads through both tiers: the application says who may have a file, the proxy sends it. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createUser } from '../../app/framework/auth/users.ts';
import { connectDatabase } from '../../app/framework/database.ts';
import type { Program } from '../harness/program.ts';
import { makeSiteFolder, type SiteFolder } from '../harness/site-folder.ts';
import { startUp } from '../harness/stack.ts';

const PASSWORD = 'correct horse';
const NAME = 'Übersicht 100% #1.csv';
const CONTENT = `Frage,Stimmen\r\n${'Tee?,7\r\n'.repeat(100_000)}`;

suite('downloads', () => {
  let folder: SiteFolder;
  let program: Program;
  let cookie = '';
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${folder.port()}${path}`, {
      method,
      // The tag of a compressed answer is a weak one.
      headers: { 'Accept-Encoding': 'identity', ...headers },
      redirect: 'manual',
    });

  before(async () => {
    folder = await makeSiteFolder();
    folder.write(`run/protected/${NAME}`, CONTENT);
    await addUser(folder);
    program = startUp(folder);
    await program.sees(/^tandem \| ready at /m);
    cookie = await logIn(folder);
  });
  after(async () => {
    await program?.stop();
    folder?.remove();
  });

  test('staff gets the file from the proxy, whole or in parts', async () => {
    const path = `/polls/reports/${encodeURIComponent(NAME)}`;
    const whole = await ask(path, { Cookie: cookie });
    assert.equal(whole.status, 200);
    assert.equal(await whole.text(), CONTENT);
    assert.equal(whole.headers.get('content-type'), 'text/csv; charset=utf-8');
    assert.equal(whole.headers.get('cache-control'), 'no-store');
    assert.equal(
      whole.headers.get('content-disposition'),
      `attachment; filename="_bersicht 100_ #1.csv"; filename*=UTF-8''%C3%9Cbersicht%20100%25%20%231.csv`,
    );
    assert.equal(whole.headers.get('x-accel-redirect'), null);
    // The validator of a file on disk: no worker of the pool made this.
    const tag = whole.headers.get('etag') ?? '';
    assert.match(tag, /^"[0-9a-f]+-[0-9a-f]+"$/);
    const part = await ask(path, { Cookie: cookie, Range: 'bytes=15-22' });
    assert.equal(part.status, 206);
    assert.equal(await part.text(), CONTENT.slice(15, 23));
    assert.equal(part.headers.get('content-range'), `bytes 15-22/${CONTENT.length}`);
    assert.equal((await ask(path, { Cookie: cookie, 'If-None-Match': tag })).status, 304);
    const head = await ask(path, { Cookie: cookie }, 'HEAD');
    assert.equal(head.headers.get('content-length'), String(CONTENT.length));
  });

  test('nobody else gets it, by whatever address', async () => {
    const name = encodeURIComponent(NAME);
    const asked = await ask(`/polls/reports/${name}`);
    assert.equal(asked.status, 302);
    assert.equal((await ask(`/protected/${name}`, { Cookie: cookie })).status, 404);
    assert.equal((await ask(`/PROTECTED/${name}`)).status, 404);
    // The proxy reads dot segments here and a URL does not: the pool answers what has two readings.
    const climbing = await ask('/polls/reports/..%2F..%2Fdb.sqlite3', { Cookie: cookie });
    assert.equal(climbing.status, 400);
  });

  test('the export reaches a client through both tiers piece by piece', async () => {
    const response = await ask('/polls/export.csv');
    assert.equal(response.status, 200);
    assert.equal((await response.text()).split('\r\n').length, 1 + 17 + 1);
    const tag = (await ask('/polls/4/results.json')).headers.get('etag') ?? '';
    assert.equal((await ask('/polls/4/results.json', { 'If-None-Match': tag })).status, 304);
  });
});

async function addUser({ env }: SiteFolder): Promise<void> {
  const database = connectDatabase(env['DATABASE_PATH']!);
  try {
    await createUser(database, { username: 'ada', password: PASSWORD, isStaff: true });
  } finally {
    await database.destroy();
  }
}

/** The cookie of ada's session. A CSRF secret's own text is a token too. */
async function logIn(folder: SiteFolder): Promise<string> {
  const csrfmiddlewaretoken = 'A'.repeat(43);
  const response = await fetch(`http://127.0.0.1:${folder.port()}/accounts/login/`, {
    method: 'POST',
    headers: { Cookie: `csrftoken=${csrfmiddlewaretoken}` },
    body: new URLSearchParams({ csrfmiddlewaretoken, username: 'ada', password: PASSWORD }),
    redirect: 'manual',
  });
  const lines = response.headers.getSetCookie();
  return lines.find((line) => line.startsWith('sessionid='))?.replace(/;.*/, '') ?? '';
}
