/** gateway.upgrade(): docs/gateway-interface.md 8.2 to 8.5, against raw clients. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { field, RawClient } from '../harness/raw-client.ts';
import { type PoolProcess, startPool } from './pool-process.ts';

const APP = `
const SWITCH = 'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\n\\r\\n';
const note = (text) => console.error('app: ' + text);
let unread;
let released = Promise.withResolvers();

const views = {
  '/release': () => { released.resolve(); released = Promise.withResolvers(); return new Response('released'); },
  '/echo': (socket) => { socket.write(SWITCH); socket.pipe(socket); },
  '/facts': (socket, { request, head }) => {
    const { method, url, headers, rawHeaders, headersDistinct, httpVersion, complete } = request;
    const isOwn = request.socket === socket && head.length === 0 && Buffer.isBuffer(head);
    socket.end(SWITCH + JSON.stringify({ method, url, headers, rawHeaders, headersDistinct, httpVersion, complete, isOwn }));
  },
  '/pieces': async (socket) => {
    for (const letter of SWITCH + 'after') { socket.write(letter); await new Promise(setImmediate); }
    socket.end();
  },
  '/fields': (socket) => socket.end('HTTP/1.1 101 Fine\\r\\nConnection: keep-alive, x\\r\\nKeep-Alive: timeout=5\\r\\nContent-Length: 3\\r\\nupgrade: echo\\r\\nX-Own: 1\\r\\n\\r\\nabc'),
  '/raw': (socket, { request }) => socket.end(decodeURIComponent(request.headers['x-head'])),
  '/long': (socket) => socket.end('HTTP/1.1 101 Fine\\r\\nUpgrade: echo\\r\\nX-Long: ' + 'x'.repeat(17000) + '\\r\\n\\r\\n'),
  '/refuse': (socket) => {
    socket.write('HTTP/1.1 403 Not You\\r\\nX-Why: because\\r\\nConnection: Upgrade\\r\\n\\r\\n');
    socket.write('no ');
    socket.on('close', () => note('refused and closed'));
    socket.end('entry');
  },
  '/length': (socket) => socket.end('HTTP/1.1 401 Unauthorized\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nno and more'),
  '/short': (socket) => socket.end('HTTP/1.1 401 Unauthorized\\r\\nContent-Length: 20\\r\\n\\r\\nno'),
  '/destroy': (socket) => socket.destroy(),
  '/destroy-error': (socket) => socket.destroy(new Error('secret reason')),
  '/end': (socket) => socket.end(),
  '/throw': () => { throw new Error('secret thrown'); },
  '/throw-late': (socket) => { socket.write(SWITCH + 'begun'); throw new Error('secret late'); },
  '/reject-late': async (socket) => { socket.write(SWITCH + 'begun'); await new Promise(setImmediate); throw new Error('secret rejected'); },
  '/twice': (socket, offer, gateway) => {
    try { gateway.upgrade(); } catch (error) { socket.end(SWITCH + error.code); }
  },
  '/body': (socket) => {
    socket.write(SWITCH);
    return new Response(new ReadableStream({ cancel(reason) { note('dropped ' + reason.name); socket.end('dropped'); } }));
  },
  '/hold': async (socket) => {
    note('holding');
    socket.on('close', () => { note('closed'); socket.write('x', (error) => note('written: ' + error?.code)); });
    await released.promise;
  },
  '/late-answer': async (socket) => {
    setTimeout(() => socket.end(SWITCH + 'late'), 20);
  },
  '/fill': (socket) => {
    socket.write(SWITCH);
    const piece = Buffer.alloc(65536, 'f');
    let taken = 0;
    const fill = () => {
      while (taken < 512) { taken += 1; if (!socket.write(piece)) break; }
      note('taken ' + taken);
      if (taken === 512) socket.end();
    };
    socket.on('drain', fill);
    fill();
  },
  '/one-chunk': (socket) => {
    socket.write(SWITCH);
    const chunk = Buffer.alloc(20_000_000, 'a');
    socket.write(chunk, () => { chunk.fill('b'); socket.end('end'); });
  },
  '/finish': (socket) => {
    socket.write(SWITCH);
    socket.on('finish', () => socket.destroy());
    socket.end(Buffer.alloc(10_000_000, 'f'));
  },
  '/pending': (socket) => {
    socket.write(SWITCH);
    socket.write(Buffer.alloc(10_000_000), (error) => note('pending: ' + error.code));
    socket.on('close', () => note('closed with it'));
    socket.resume();
  },
  '/held': () => new Response(String(unread.readableLength)),
  '/unread': async (socket) => {
    socket.write(SWITCH);
    unread = socket;
    await released.promise;
    let bytes = 0;
    socket.on('data', (data) => { bytes += data.length; });
    socket.on('end', () => socket.end('read ' + bytes));
  },
  '/late-reader': async (socket) => {
    socket.write(SWITCH);
    socket.end('bye');
    await released.promise;
    let bytes = 0;
    socket.on('data', (data) => { bytes += data.length; });
    socket.on('end', () => note('read late ' + bytes));
    socket.on('close', () => note('closed after reading'));
  },
  '/vanish': (socket) => {
    socket.write(SWITCH);
    socket.on('error', (error) => note('error ' + error.message));
    socket.on('close', () => note('vanished'));
  },
  '/half-open': async (socket) => {
    socket.write(SWITCH);
    socket.allowHalfOpen = true;
    socket.on('end', () => note('half'));
    await released.promise;
    socket.end('at last');
  },
};

export default {
  async fetch(request, gateway) {
    const { pathname } = new URL(request.url);
    if (pathname === '/release' || pathname === '/held') return views[pathname]();
    if (pathname === '/begun') {
      return new Response(new ReadableStream({ pull(controller) {
        let text = 'taken';
        try { gateway.upgrade(); } catch (error) { text = error.name + ' ' + error.code; }
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      } }, { highWaterMark: 0 }));
    }
    const offer = gateway.upgrade();
    if (offer === undefined) return new Response('no offer', { status: 426, headers: { upgrade: 'echo, other' } });
    const result = views[pathname](offer.socket, offer, gateway);
    return (await result) ?? new Response('never sent');
  },
};`;

const LINES = 'Host: h\r\nConnection: x, Upgrade\r\nUpgrade: echo\r\n';

function upgradeOf(path: string, lines = ''): string {
  return `GET ${path} HTTP/1.1\r\n${LINES}${lines}\r\n`;
}

async function connect(t: TestContext, pool: PoolProcess): Promise<RawClient> {
  const client = await RawClient.connect(pool.socketPath);
  t.after(() => client.destroy());
  return client;
}

/** All that comes until the pool closes. */
async function converse(t: TestContext, pool: PoolProcess, text: string): Promise<string> {
  const client = await connect(t, pool);
  client.send(text);
  return client.rest();
}

/** Bytes of the tunnel from a client whose text has been listened to since the head. */
async function contentOf(t: TestContext, pool: PoolProcess, path: string): Promise<string> {
  const raw = await converse(t, pool, upgradeOf(path));
  const [head = '', content = ''] = split(raw);
  assert.match(head, /^HTTP\/1\.1 101 /, raw.slice(0, 300));
  return content;
}

function split(raw: string): string[] {
  const end = raw.indexOf('\r\n\r\n') + 4;
  return [raw.slice(0, end), raw.slice(end)];
}

function start(t: TestContext, args: readonly string[] = []): Promise<PoolProcess> {
  const binds = ['-b', '127.0.0.1:0', '-b', 'unix:app.sock'];
  return startPool(t, { files: { 'app.mjs': APP }, args: ['app', ...binds, ...args] });
}

test('who is offered an upgrade', async (t) => {
  const pool = await start(t);

  await t.test('nobody whose request does not ask for one, or has content', async (t) => {
    for (const request of [
      'GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      'GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nUpgrade: echo\r\n\r\n',
      'GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close, upgrade\r\n\r\n',
      'GET /echo HTTP/1.0\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
      'POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close, upgrade\r\nUpgrade: echo\r\nContent-Length: 1\r\n\r\nx',
      'POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close, upgrade\r\nUpgrade: echo\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ]) {
      const raw = await converse(t, pool, request);
      assert.match(raw, /^HTTP\/1\.1 426 /, request);
      assert.match(raw, /no offer/);
    }
  });

  await t.test('a 426 names what it wants, and Connection names that', async (t) => {
    const client = await connect(t, pool);
    for (let round = 0; round < 2; round += 1) {
      client.send('GET /echo HTTP/1.1\r\nHost: h\r\n\r\n');
      const answer = await client.response();
      assert.equal(field(answer, 'upgrade'), 'echo, other');
      const options = answer.fields.filter(([name]) => name.toLowerCase() === 'connection');
      assert.deepEqual(
        options.map(([, value]) => value),
        ['upgrade', 'keep-alive'],
      );
    }
  });

  await t.test('nobody twice, and nobody whose response has begun', async (t) => {
    assert.equal(await contentOf(t, pool, '/twice'), 'ERR_UPGRADE_TAKEN');
    const client = await connect(t, pool);
    client.send(upgradeOf('/begun'));
    assert.equal((await client.response()).content, 'UpgradeError ERR_UPGRADE_LATE');
  });

  await t.test('the request is told as node:http tells it', async (t) => {
    const lines =
      'X-List: a\r\nx-list: b\r\nCookie: a=1\r\nCookie: b=2\r\nUser-Agent: one\r\nUser-Agent: two\r\n';
    const raw = await converse(
      t,
      pool,
      upgradeOf('/facts', lines).replace('/facts', '/facts?q=%20x'),
    );
    const facts = JSON.parse(split(raw)[1] ?? '');
    assert.deepEqual([facts.method, facts.url, facts.httpVersion], ['GET', '/facts?q=%20x', '1.1']);
    assert.deepEqual([facts.complete, facts.isOwn], [true, true]);
    assert.deepEqual(facts.headers, {
      host: 'h',
      connection: 'x, Upgrade',
      upgrade: 'echo',
      'x-list': 'a, b',
      cookie: 'a=1; b=2',
      'user-agent': 'one',
    });
    assert.deepEqual(facts.headersDistinct['x-list'], ['a', 'b']);
    assert.deepEqual(facts.rawHeaders.slice(0, 2), ['Host', 'h']);
    assert.equal(facts.rawHeaders.length, 18);
  });
});

test('the head of the response to an upgrade', async (t) => {
  const pool = await start(t);

  await t.test('may come in pieces', async (t) => {
    assert.equal(await contentOf(t, pool, '/pieces'), 'after');
  });

  await t.test('keeps its fields, but for those of framing and connection', async (t) => {
    const raw = await converse(t, pool, upgradeOf('/fields'));
    const head = 'HTTP/1.1 101 Fine\r\nupgrade: echo\r\nx-own: 1\r\nConnection: upgrade\r\n\r\n';
    assert.equal(raw, `${head}abc`);
  });

  await t.test('may refuse, with content until the end', async (t) => {
    const client = await connect(t, pool);
    client.send(`${upgradeOf('/refuse')}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`);
    const answer = await client.response();
    assert.deepEqual([answer.status, answer.reason, answer.content], [403, 'Not You', 'no entry']);
    assert.equal(field(answer, 'x-why'), 'because');
    assert.equal(field(answer, 'connection'), 'close');
    assert.ok(field(answer, 'date') !== undefined);
    // What followed the request is never read as another one.
    assert.equal(await client.rest(), '');
    await pool.sees(/app: refused and closed/);
  });

  await t.test('holds the content to the length it announces', async (t) => {
    const raw = await converse(t, pool, upgradeOf('/length'));
    assert.ok(raw.endsWith('\r\n\r\nno'), raw);
    const short = await converse(t, pool, upgradeOf('/short'));
    assert.match(short, /Content-Length: 20\r\n/);
    assert.ok(short.endsWith('\r\n\r\nno'), short);
  });

  await t.test('is a 500 and a line on the log where it is none', async (t) => {
    const heads: Readonly<Record<string, RegExp>> = {
      'hello\r\n\r\n': /is faulty: start-line/,
      'HTTP/1.1 101 Fine\r\nUpgrade: echo\r\nbad line\r\n\r\n': /is faulty: field-line/,
      'HTTP/1.1 101 Fine\r\nX-A: b\r\n\r\n': /no Upgrade field beside status 101/,
      'HTTP/1.1 100 Continue\r\n\r\n': /status 100/,
      'HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n': /Transfer-Encoding/,
      'HTTP/1.1 101 Fine\r\nUpgrade: echo': /is missing: the socket was ended/,
    };
    for (const [head, message] of Object.entries(heads)) {
      const raw = await converse(
        t,
        pool,
        upgradeOf('/raw', `X-Head: ${encodeURIComponent(head)}\r\n`),
      );
      assert.match(raw, /^HTTP\/1\.1 500 /, head);
      assert.match(raw, /\r\nConnection: close\r\n/);
      await pool.sees(message);
    }
    assert.match(await converse(t, pool, upgradeOf('/long')), /^HTTP\/1\.1 500 /);
    await pool.sees(/is faulty: (head|field)-too-l/);
    assert.match(await converse(t, pool, upgradeOf('/end')), /^HTTP\/1\.1 500 /);
  });

  await t.test('may come after the function has come to its end', async (t) => {
    assert.equal(await contentOf(t, pool, '/late-answer'), 'late');
  });
});

test('the end of an upgrade', async (t) => {
  const pool = await start(t);

  await t.test('destroy before a head closes without an answer', async (t) => {
    assert.equal(await converse(t, pool, upgradeOf('/destroy')), '');
    assert.match(await converse(t, pool, upgradeOf('/destroy-error')), /^HTTP\/1\.1 500 /);
    await pool.sees(/Error handling request \/destroy-error\nError: secret reason/);
  });

  await t.test('an error is a 500 before the head, and cuts the connection after it', async (t) => {
    const raw = await converse(t, pool, upgradeOf('/throw'));
    assert.match(raw, /^HTTP\/1\.1 500 /);
    assert.doesNotMatch(raw, /secret/);
    for (const [path, error] of [
      ['/throw-late', 'secret late'],
      ['/reject-late', 'secret rejected'],
    ] as const) {
      assert.equal(await contentOf(t, pool, path), 'begun');
      await pool.sees(new RegExp(`Error handling request ${path}\nError: ${error}`));
    }
  });

  await t.test('a Response after it is dropped, and its stream told', async (t) => {
    assert.equal(await contentOf(t, pool, '/body'), 'dropped');
    await pool.sees(/app: dropped AbortError/);
  });

  await t.test('a client that leaves before the head closes the socket', async (t) => {
    const client = await connect(t, pool);
    client.send(upgradeOf('/hold'));
    await pool.sees(/app: holding/);
    client.destroy();
    await pool.sees(/app: closed/);
    await pool.sees(/app: written: ERR_STREAM_DESTROYED/);
    await pool.ask('/release');
  });

  await t.test(
    'a client that goes closes the socket without an error, however it goes',
    async (t) => {
      const ways = {
        closes: (client: RawClient) => client.destroy(),
        ends: (client: RawClient) => client.socket.end(),
        resets: (client: RawClient) => client.socket.resetAndDestroy(),
      };
      let gone = 0;
      for (const [way, go] of Object.entries(ways)) {
        const client = await RawClient.connect(await pool.tcpPort());
        t.after(() => client.destroy());
        client.send(upgradeOf('/vanish'));
        assert.equal((await client.response()).status, 101);
        go(client);
        gone += 1;
        await pool.sees(/app: vanished/, gone).catch((error: Error) => {
          throw new Error(`client ${way}: ${error.message}`);
        });
      }
      assert.doesNotMatch(pool.log, /app: error/);
    },
  );

  await t.test('a side that the application keeps open stays open', async (t) => {
    const client = await connect(t, pool);
    client.send(upgradeOf('/half-open'));
    assert.equal((await client.response()).status, 101);
    client.socket.end();
    await pool.sees(/app: half/);
    await pool.ask('/release');
    assert.equal(await client.rest(), 'at last');
  });

  await t.test('each way ends by itself, and what was sent is read to its end', async (t) => {
    const client = await connect(t, pool);
    client.send(upgradeOf('/late-reader'));
    assert.equal((await client.response()).status, 101);
    client.socket.end('x'.repeat(30_000));
    assert.equal(await client.rest(), 'bye');
    await pool.ask('/release');
    await pool.sees(/app: read late 30000/);
    await pool.sees(/app: closed after reading/);
  });

  await t.test('none of it ended the worker', () => {
    assert.equal(pool.workerPids.length, 1, pool.log);
  });
});

test('bytes of a tunnel', async (t) => {
  const pool = await start(t);

  await t.test('those sent with the request are read from the socket', async (t) => {
    const client = await connect(t, pool);
    client.send(`${upgradeOf('/echo')}early`);
    assert.equal((await client.response()).status, 101);
    client.socket.end(' late');
    assert.equal(await client.rest(), 'early late');
  });

  await t.test('no more is taken from the application than the client reads', async (t) => {
    const client = await connect(t, pool);
    client.socket.pause();
    client.send(upgradeOf('/fill'));
    const taken = (): number =>
      Math.max(0, ...[...pool.log.matchAll(/app: taken (\d+)/g)].map(([, count]) => Number(count)));
    await pool.sees(/app: taken/);
    for (let last = -1; last !== taken(); ) {
      last = taken();
      // Twice round the pool: what it can still take, it takes meanwhile.
      for (let round = 0; round < 4; round += 1) await pool.ask('/release');
    }
    assert.ok(taken() < 40, `${taken()} pieces of 64 KB were taken`);
    client.socket.resume();
    const content = split(await client.rest())[1] ?? '';
    assert.ok(content === 'f'.repeat(512 * 65_536), `${content.length} bytes`);
  });

  await t.test("a large chunk is the application's again only when it is copied", async (t) => {
    const client = await connect(t, pool);
    client.socket.pause();
    client.send(upgradeOf('/one-chunk'));
    await pool.ask('/release');
    client.socket.resume();
    const content = split(await client.rest())[1] ?? '';
    assert.ok(content === `${'a'.repeat(20_000_000)}end`, `${content.length} bytes`);
  });

  await t.test('finish means that all of it is on its way', async (t) => {
    const client = await connect(t, pool);
    client.socket.pause();
    client.send(upgradeOf('/finish'));
    await pool.ask('/release');
    client.socket.resume();
    const content = split(await client.rest())[1] ?? '';
    assert.ok(content === 'f'.repeat(10_000_000), `${content.length} bytes`);
  });

  await t.test('a write that does not leave hears that the client has gone', async (t) => {
    const client = await connect(t, pool);
    client.socket.pause();
    client.send(upgradeOf('/pending'));
    await pool.ask('/release');
    client.destroy();
    await pool.sees(/app: pending: ERR_UPGRADE_CLOSED/);
    await pool.sees(/app: closed with it/);
  });

  await t.test('no more is taken from the client than the application reads', async (t) => {
    const client = await connect(t, pool);
    client.send(upgradeOf('/unread'));
    assert.equal((await client.response()).status, 101);
    const total = 20_000_000;
    client.socket.write(Buffer.alloc(total));
    const held = async (): Promise<number> => Number((await pool.ask('/held')).text);
    // Stalled: no more was taken while five other requests were answered.
    for (let last = -1, same = 0; same < 5; ) {
      const now = await held();
      same = now === last && now > 0 ? same + 1 : 0;
      last = now;
    }
    assert.ok((await held()) < 500_000, `${await held()} bytes were taken unread`);
    await pool.ask('/release');
    client.socket.end();
    assert.equal(await client.rest(), `read ${total}`);
  });

  await t.test("two slow clients never get each other's", async (t) => {
    const size = 6_000_000;
    await Promise.all(
      ['a', 'b'].map(async (letter) => {
        const client = await connect(t, pool);
        client.send(upgradeOf('/echo'));
        assert.equal((await client.response()).status, 101);
        client.socket.on('data', () => {
          client.socket.pause();
          setImmediate(() => client.socket.resume());
        });
        client.socket.end(Buffer.alloc(size, letter));
        assert.ok((await client.rest()) === letter.repeat(size), letter);
      }),
    );
  });
});

test('the access log has a line for a tunnel when it ends', async (t) => {
  const format = '%(r)s %(s)s %(B)s %({upgrade}o)s';
  const pool = await start(t, ['--access-logfile', '-', '--access-logformat', format]);
  const client = await connect(t, pool);
  client.send(upgradeOf('/echo'));
  await client.response();
  await pool.ask('/release');
  await pool.sees(/GET \/release/);
  assert.doesNotMatch(pool.stdout, /\/echo/);
  client.socket.end('12345');
  assert.equal(await client.rest(), '12345');
  await pool.sees(/^GET \/echo HTTP\/1\.1 101 5 echo$/m);
  await converse(t, pool, upgradeOf('/refuse'));
  await pool.sees(/^GET \/refuse HTTP\/1\.1 403 8 -$/m);
});

test('INT closes tunnels at once', async (t) => {
  const pool = await start(t, ['--graceful-timeout', '600']);
  const client = await connect(t, pool);
  client.send(upgradeOf('/echo'));
  await client.response();
  const ended = once(client.socket, 'close');
  pool.signal('SIGINT');
  await ended;
  assert.equal(await pool.exited, 0);
});
