/**
 * The project's nginx.conf under Debian's nginx and under ours, before one pool: the same answers,
 * the same lines in both logs.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { RawClient } from '../harness/raw-client.ts';
import { untilSame } from '../harness/until.ts';
import {
  accessLines,
  assertNoAnswer,
  assertSameAnswer,
  assertSameAnswers,
  errorLines,
  leaveSocket,
  type SiteFront,
  type SiteFronts,
  standIn,
  startSiteFronts,
} from './site-fronts.ts';
import { CASES, request, vote } from './site-requests.ts';

suite('the project’s nginx.conf beside nginx', { skip: lacksNginx() }, () => {
  let fronts: SiteFronts;
  before(async () => {
    fronts = await startSiteFronts();
  });
  after(() => fronts?.stop());

  for (const { name, request: bytes, status, port } of CASES) {
    test(`${name} is answered alike, with ${status}`, async () => {
      const seen = await assertSameAnswer(fronts, bytes, port);
      assert.equal(seen.status, status);
    });
  }

  for (const host of ['unknown.example', '10.0.0.1', 'www.unknown.example']) {
    test(`nobody is answered who asks port 8081 for ${host}`, async () => {
      await assertNoAnswer(fronts, request('GET /', [`Host: ${host}`]), 8081);
    });
  }

  test('requests sent at once are answered in their order', async () => {
    const bytes =
      request('GET /static/favicon.svg') +
      request('HEAD /static/site.css') +
      request('GET /polls/4/') +
      request('GET /static/x', [], '', 'own') +
      request('GET /static/favicon.svg', ['Connection: close']);
    const all = await assertSameAnswers(fronts, bytes, 5);
    assert.deepEqual(
      all.map(({ status }) => status),
      [200, 200, 200, 404, 200],
    );
  });

  test('where the pool is stopped its visitors see the page for that, with 502', async () => {
    await fronts.pool.stop();
    for (const bytes of [
      request('GET /polls/'),
      request('HEAD /polls/'),
      vote('/polls/4/vote/', 'choice=11'),
      request('GET /polls/', ['Accept-Encoding: gzip', 'Range: bytes=0-1', 'If-None-Match: *']),
      request('GET /polls/', ['Connection: close']),
    ]) {
      const seen = await assertSameAnswer(fronts, bytes);
      assert.equal(seen.status, 502);
      if (!bytes.startsWith('HEAD')) assert.match(seen.content, /Back in a moment/);
    }
    await assertSameAnswer(fronts, request('GET /static/site.css'));
  });

  test('where the pool was killed and left its socket, it is the same', async () => {
    await leaveSocket(fronts);
    const seen = await assertSameAnswer(fronts, request('GET /polls/'));
    assert.equal(seen.status, 502);
  });

  test('a WebSocket passes through both ways', async () => {
    const echo = await standIn(fronts, (socket) => {
      let head = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        if (head.includes('\r\n\r\n')) {
          socket.write(text, 'latin1');
          return;
        }
        head += text;
        if (!head.includes('\r\n\r\n')) return;
        const fields = head.split('\r\n').slice(1, -2).sort().join(' | ');
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            `Sec-WebSocket-Accept: x\r\nX-Asked: ${fields}\r\n\r\n`,
        );
      });
    });
    try {
      const [theirs, ours] = await Promise.all([fronts.nginx, fronts.tandem].map(openSocket));
      assert.deepEqual(ours, theirs);
      assert.match(theirs?.join('\n') ?? '', /101 Switching.*Connection: upgrade.*hello/s);
    } finally {
      await echo.stop();
    }
  });

  test('the access logs of both say the same', async () => {
    const lines = await untilSame(
      () => accessLines(fronts.tandem, /GET \/socket/),
      () => accessLines(fronts.nginx, /GET \/socket/),
    );
    assert.ok(lines.length > CASES.length, `${lines.length} lines for ${CASES.length} requests`);
  });

  test('the error logs of both say the same', async () => {
    const lines = await untilSame(
      () => errorLines(fronts.tandem),
      () => errorLines(fronts.nginx),
    );
    assert.ok(lines.length > 0);
  });
});

/** Upgrades a connection and sends two texts through it; gives the head's lines and what came back. */
async function openSocket({ folder }: SiteFront): Promise<string[]> {
  const client = await RawClient.connect(folder.port());
  try {
    const fields = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: x'];
    client.send(request('GET /socket', fields, 'early ').replaceAll('PORT', String(folder.port())));
    const { head } = await client.response();
    client.send('hello');
    let echoed = '';
    client.socket.on('data', (text: string) => {
      echoed += text;
    });
    while (!echoed.endsWith('hello')) {
      await new Promise((resolve) => client.socket.once('data', resolve));
    }
    const lines = folder.masked(head).split('\r\n');
    return [...lines.filter((line) => !/^(Server|Date): /.test(line)).sort(), 'hello'];
  } finally {
    client.destroy();
  }
}
