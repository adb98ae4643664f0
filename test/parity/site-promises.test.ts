/**
 * What nginx.conf promises of caching, limits, streams and downloads, held under Debian's nginx and
 * under ours. The application is a stand-in that says nothing of it by itself.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { ask, field, get, RawClient, type RawResponse } from '../harness/raw-client.ts';
import type { SiteFolder } from '../harness/site-folder.ts';
import { type FrontPair, startFrontPair } from './site-fronts.ts';

const CONTENT = 'poll,votes\r\nTea?,7\r\n';
const POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";
/** Too small to fill a buffer, which would keep it back. */
const EVENT = 'data: first\n\n';

const application: RequestListener = (request, response) => {
  request.resume();
  switch (request.url) {
    case '/polls/1/results/stream/':
      // Up to the end of the connection: of chunks even a buffering proxy passes each on.
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(EVENT);
      return; // It has no end.
    case '/report':
      response.writeHead(200, {
        'Content-Type': 'text/csv',
        'Content-Disposition': 'attachment; filename="r.csv"',
        'X-Accel-Redirect': '/protected/r.csv',
      });
      break;
    case '/own':
      response.setHeader('X-Content-Type-Options', 'own');
      response.setHeader('Referrer-Policy', 'own');
      response.setHeader('Content-Security-Policy', 'own');
  }
  response.end('answered');
};

suite('what nginx.conf promises', { skip: lacksNginx() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-promises-'));
  const socket = join(folder, 'app.sock');
  let server: Server;
  let pair: FrontPair;

  before(async () => {
    server = createServer(application);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    pair = await startFrontPair(socket);
    for (const front of [pair.nginx, pair.tandem]) {
      front.folder.write('run/protected/r.csv', CONTENT);
    }
  });

  after(async () => {
    await pair?.stop();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const name of ['nginx', 'tandem'] as const) {
    const site = (): SiteFolder => pair[name].folder;
    const asked = (bytes: string): Promise<RawResponse> => ask(site().port(), bytes);

    test(`${name}: a name with a hash is kept for a year, any other for a minute`, async () => {
      const { paths } = JSON.parse(site().read('run/static/staticfiles.json'));
      const hashed = await asked(get(`/static/${paths['polls/polls.css']}`));
      assert.equal(hashed.status, 200);
      assert.deepEqual(all(hashed, 'cache-control'), ['max-age=31536000', 'public, immutable']);
      assert.equal(field(hashed, 'x-content-type-options'), 'nosniff');
      const plain = await asked(get('/static/polls/polls.css'));
      assert.deepEqual(all(plain, 'cache-control'), ['max-age=60']);
      const gone = await asked(get('/static/polls/polls.000000000000.css'));
      assert.equal(gone.status, 404);
      assert.deepEqual(all(gone, 'cache-control'), []);
    });

    test(`${name}: the compressed file of the disk is sent`, async () => {
      const folder = join(site().path, 'run', 'static');
      const sheet = readdirSync(folder).find((one) => /^site\.[0-9a-f]{12}\.css$/.test(one)) ?? '';
      const path = join(folder, `${sheet}.gz`);
      const answer = await asked(get(`/static/${sheet}`, 'Accept-Encoding: gzip'));
      assert.equal(field(answer, 'content-encoding'), 'gzip');
      assert.equal(field(answer, 'content-length'), String(statSync(path).size));
      assert.equal(answer.content, readFileSync(path, 'latin1'));
    });

    test(`${name}: what the application says of security stands, else the front says it`, async () => {
      const names = ['x-content-type-options', 'referrer-policy', 'content-security-policy'];
      const own = await asked(get('/own'));
      for (const one of names) assert.deepEqual(all(own, one), ['own']);
      for (const path of ['/bare', '/static/site.css', '/static/none.css']) {
        const bare = await asked(get(path));
        const said = names.map((one) => all(bare, one));
        assert.deepEqual(said, [['nosniff'], ['same-origin'], [POLICY]], path);
      }
    });

    test(`${name}: a download comes from the disk, for whom the application sends it`, async () => {
      const sent = await asked(get('/report', 'Range: bytes=0-3'));
      assert.deepEqual([sent.status, sent.content], [206, 'poll']);
      assert.equal(field(sent, 'content-disposition'), 'attachment; filename="r.csv"');
      assert.equal(field(sent, 'x-content-type-options'), 'nosniff');
      assert.equal(field(sent, 'x-accel-redirect'), undefined);
      assert.equal((await asked(get('/protected/r.csv'))).status, 404);
    });

    test(`${name}: an event leaves at once, as it was written`, async () => {
      const client = await RawClient.connect(site().port());
      try {
        client.send('GET /polls/1/results/stream/ HTTP/1.1\r\nHost: localhost\r\n');
        client.send('Accept-Encoding: gzip\r\n\r\n');
        let heard = '';
        for await (const piece of client.socket) {
          heard += piece;
          if (heard.includes(EVENT)) break;
        }
        assert.match(heard, /^HTTP\/1\.1 200 /);
        assert.doesNotMatch(heard, /content-encoding/i);
      } finally {
        client.destroy();
      }
    });

    test(`${name}: who logs in too often sees a page for that, who looks at the form does not`, async () => {
      const post = get('/accounts/login/', 'Content-Length: 0').replace('GET', 'POST');
      let answer = await asked(post);
      let passed = 0;
      for (; answer.status === 200 && passed < 60; passed++) answer = await asked(post);
      assert.equal(answer.status, 429);
      assert.ok(passed >= 11, `only ${passed} passed`);
      assert.match(answer.content, /<h1>Too many requests<\/h1>/);
      assert.deepEqual(all(answer, 'cache-control'), ['no-store']);
      const german = post.replace('\r\n', '\r\nAccept-Language: de-AT, en;q=0.5\r\n');
      assert.match((await asked(german)).content, /<html lang="de">/);
      const english = german.replace('\r\n', '\r\nCookie: language=en\r\n');
      assert.match((await asked(english)).content, /<html lang="en">/);
      for (let i = 0; i < 20; i++) assert.equal((await asked(get('/accounts/login/'))).status, 200);
    });

    test(`${name}: each line of the access log is JSON, whatever was asked`, async () => {
      await asked(get('/%22%5C?"\\<\t>'));
      await asked('GET /"\\ HTTP/1.1\r\n\r\n');
      await asked(get('/the-end'));
      // Several workers write, each in its order.
      const entries = await logged(site(), ['GET /the-end HTTP/1.1', 'GET /"\\ HTTP/1.1']);
      const [last, refused] = entries;
      assert.equal(last?.['client'], '127.0.0.1');
      assert.equal(last?.['status'], 200);
      assert.match(String(last?.['upstream_seconds']), /^\d+\.\d{3}$/);
      assert.ok(!Number.isNaN(Date.parse(String(last?.['time']))));
      assert.equal(refused?.['status'], 400);
    });
  }
});

/** The values of all field lines of a name. */
function all({ fields }: RawResponse, name: string): string[] {
  return fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

type Entry = Readonly<Record<string, unknown>>;

/** The log's entries of `requests`, once all are there; every line must be JSON. */
async function logged(folder: SiteFolder, requests: readonly string[]): Promise<Entry[]> {
  for (;;) {
    const lines = folder.read('run/access.log').split('\n').slice(0, -1);
    const entries: Entry[] = lines.map((line) => JSON.parse(line));
    const found = requests.map((wanted) => entries.find(({ request }) => request === wanted));
    if (found.every((one) => one !== undefined)) return found;
    await new Promise(setImmediate);
  }
}
