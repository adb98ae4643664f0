/**
 * The chain of body filters: two that only tests have, one that changes the length and one that holds
 * back, and a header filter that waits, before, between and after gzip.
 */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { BodyFilter, HeldReply } from '../../proxy/http/body-filter.ts';
import { defineModule, type HttpModule } from '../../proxy/http/module.ts';
import { AGAIN, OK, type Verdict } from '../../proxy/http/phases.ts';
import type { HttpRequest } from '../../proxy/http/request.ts';
import { gzip } from '../../proxy/modules/gzip.ts';
import { HTTP_MODULES } from '../../proxy/modules/order.ts';
import { startInside } from '../harness/inside.ts';
import { until } from '../harness/until.ts';

/** Links that joined and were neither completed nor abandoned. */
const open = new Set<BodyFilter>();

/** Each byte twice. */
class Doubler extends BodyFilter {
  override write(chunk: Uint8Array | string): boolean {
    return this.next.write(doubled(chunk));
  }
  override end(chunk?: Uint8Array | string, trailers?: string): void {
    open.delete(this);
    this.next.end(chunk === undefined ? undefined : doubled(chunk), trailers);
  }
  override abandon(): void {
    open.delete(this);
  }
}

/** Memory of its own: no two chunks may share any. */
function doubled(chunk: Uint8Array | string): Buffer {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
  const twice = Buffer.alloc(bytes.length * 2);
  for (let i = 0; i < bytes.length; i++) twice[2 * i] = twice[2 * i + 1] = bytes[i]!;
  return twice;
}

/** Has one chunk at a time, and passes it on later. */
class Later extends BodyFilter {
  #chunk: Uint8Array | string | undefined = undefined;
  #end: (() => void) | undefined = undefined;
  #isBlocked = false;
  #rest: (Uint8Array | string)[] = [];

  override write(chunk: Uint8Array | string): boolean {
    this.#rest.push(chunk);
    if (this.#rest.length === 1) this.#soon();
    return false;
  }
  #soon(): void {
    setImmediate(() => this.r.guard(() => this.#pass()));
  }
  #pass(): void {
    if (!open.has(this) || this.#isBlocked) return;
    this.#chunk = this.#rest.shift();
    if (this.#chunk !== undefined && !this.next.write(this.#chunk)) this.#isBlocked = true;
    if (this.#rest.length > 0) this.#soon();
    else if (this.#end !== undefined) this.#end();
    else if (!this.#isBlocked) this.askForMore();
  }
  override drained(): void {
    this.#isBlocked = false;
    this.#soon();
  }
  override end(chunk?: Uint8Array | string, trailers?: string): void {
    if (chunk !== undefined) this.#rest.push(chunk);
    this.#end = () => {
      open.delete(this);
      this.next.end(undefined, trailers);
    };
    this.#soon();
  }
  override abandon(): void {
    open.delete(this);
  }
}

/** Lets the head go on a while later. */
class Waiter extends HeldReply {
  constructor(r: HttpRequest) {
    super(r);
    setTimeout(() => {
      if (open.delete(this)) r.guard(() => this.release());
    }, 2);
  }
  override abandon(): void {
    open.delete(this);
    super.abandon();
  }
}

type Links = readonly string[];

function joinLinks(r: HttpRequest, links: Links): Verdict {
  const join = (filter: BodyFilter): void => {
    open.add(filter);
    r.addBodyFilter(filter);
  };
  if (r.status === 304) return OK;
  for (const link of links) {
    if (link === 'double') {
      if (r.contentLength > 0) r.contentLength *= 2;
      r.allowRanges = false;
      if (!r.isHead) join(new Doubler(r));
    } else if (link === 'later' && !r.isHead) join(new Later(r));
  }
  if (!links.includes('wait')) return OK;
  join(new Waiter(r));
  return AGAIN;
}

/** Each location's name says by two digits which links it has before and after gzip. */
function linksModule(name: string, digit: 1 | 2): HttpModule<object> {
  return defineModule<object>({
    name,
    directives: [],
    defaults: {},
    headerFilter: (_conf, { location }) => {
      const number = /^\/(\d)(\d)\//.exec(location.name)?.[digit];
      const links = number === undefined ? CHAINS[0] : CHAINS[Number(number)];
      return links === undefined || links[0] === 'none' ? undefined : (r) => joinLinks(r, links);
    },
  });
}

before(() => {
  // biome-ignore lint/suspicious/noExplicitAny: as the list itself
  const modules = HTTP_MODULES as HttpModule<any>[];
  const at = modules.indexOf(gzip);
  modules.splice(at + 1, 0, linksModule('links_after', 2));
  modules.splice(at, 0, linksModule('links_before', 1));
});

const CHAINS: readonly Links[] = [
  ['none'],
  ['double'],
  ['later'],
  ['wait'],
  ['later', 'double', 'wait'],
];
const TEXT = Buffer.from(Array.from({ length: 3000 }, (_, i) => `line ${i % 97}\n`).join(''));
const LARGE = Buffer.alloc(16 * 1024 * 1024, 'abcdefghij klmnop\n');
const ETAG = '"one"';

interface Chain {
  readonly before: Links;
  readonly after: Links;
  readonly path: string;
}

const chains: readonly Chain[] = CHAINS.flatMap((early, i) =>
  CHAINS.map((late, j) => ({ before: early, after: late, path: `/${i}${j}` })),
);

interface Reply {
  readonly response: IncomingMessage;
  readonly content: Buffer;
}

type Fields = Readonly<Record<string, string>>;

function send(
  port: number,
  path: string,
  method: string,
  headers: Fields,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
}

async function ask(
  port: number,
  path: string,
  fields: Fields = {},
  method = 'GET',
): Promise<Reply> {
  const response = await send(port, path, method, fields);
  return { response, content: Buffer.concat(await response.toArray()) };
}

/** What the links after gzip, gzip itself and the links before it made of the content, taken back. */
function undone({ response, content }: Reply, { before: early, after: late }: Chain): Buffer {
  let bytes = halved(content, late);
  if (response.headers['content-encoding'] === 'gzip') bytes = gunzipSync(bytes);
  return halved(bytes, early);
}

function halved(bytes: Buffer, links: Links): Buffer {
  if (!links.includes('double')) return bytes;
  const half = Buffer.alloc(bytes.length / 2);
  for (let i = 0; i < half.length; i++) {
    half[i] = bytes[2 * i]!;
    assert.equal(bytes[2 * i + 1], half[i]);
  }
  return half;
}

interface Bench {
  readonly port: number;
  /** What the upstream answers now. */
  readonly upstream: { active: number };
  /** Nothing is open any more: no connection, no link, no answer of the upstream, no file. */
  quiet(): Promise<void>;
}

async function startBench(t: TestContext): Promise<Bench> {
  const upstream = { active: 0 };
  const server = createServer((incoming, response) => {
    upstream.active++;
    response.on('close', () => upstream.active--);
    const content = incoming.url?.includes('large') ? LARGE : TEXT;
    response.setHeader('Content-Type', 'text/plain');
    response.setHeader('ETag', ETAG);
    if (incoming.url?.includes('sized')) response.setHeader('Content-Length', content.length);
    if (content === TEXT) {
      response.write(content.subarray(0, 1));
      response.write(content.subarray(1, 10_000));
      response.end(content.subarray(10_000));
    } else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port: behind } = server.address() as AddressInfo;
  const locations = chains.map(({ path }) => {
    return `
      location ${path}/file/ { alias ./; }
      location ${path}/text/ { return 200 "${TEXT.toString('latin1', 0, 2000)}"; }
      location ${path}/sized/ { proxy_pass http://127.0.0.1:${behind}; }
      location ${path}/chunked/ { proxy_pass http://127.0.0.1:${behind}; proxy_http_version 1.1; }
      location ${path}/at-once/ { proxy_pass http://127.0.0.1:${behind}; proxy_http_version 1.1; proxy_buffering off; }`;
  });
  const http = `types { text/plain txt; } default_type text/plain; gzip on; gzip_types *; gzip_comp_level 1;
    server { listen 127.0.0.1:8080; ${locations.join('')} }`;
  const { port, accounts, errors, strays } = await startInside(t, http, {
    'small.txt': TEXT,
    'large.txt': LARGE,
  });
  const quiet = async (): Promise<void> => {
    await until(
      () => ({
        connections: accounts.active,
        open: open.size,
        upstream: upstream.active,
        files: openFiles(),
      }),
      (now) => now.connections === 0 && now.open === 0 && now.upstream === 0 && now.files === 0,
    );
    assert.deepEqual(strays, []);
    assert.deepEqual(
      errors.filter((line) => !/prematurely closed/.test(line)),
      [],
    );
  };
  return { port, upstream, quiet };
}

/** Descriptors of this process on the files that are served. */
function openFiles(): number {
  let count = 0;
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`).endsWith('.txt')) count++;
    } catch {
      // The descriptor of the folder itself.
    }
  }
  return count;
}

const ENCODED: Fields = { 'accept-encoding': 'gzip' };

test('content passes every chain whole', async (t) => {
  const { port, quiet } = await startBench(t);
  for (const chain of chains) {
    for (const kind of ['file/small.txt', 'text/', 'sized/', 'chunked/', 'at-once/']) {
      for (const fields of [{}, ENCODED]) {
        const path = `${chain.path}/${kind}`;
        const expected = kind === 'text/' ? TEXT.subarray(0, 2000) : TEXT;
        const got = await ask(port, path, fields);
        const encoding = fields === ENCODED ? 'gzip' : undefined;
        assert.equal(got.response.headers['content-encoding'], encoding, path);
        assert.ok(undone(got, chain).equals(expected), `${path} ${JSON.stringify(fields)}`);
        const head = await ask(port, path, fields, 'HEAD');
        assert.equal(head.content.length, 0);
        for (const name of ['content-encoding', 'content-type', 'etag']) {
          assert.equal(
            head.response.headers[name],
            got.response.headers[name],
            `${name} of ${path}`,
          );
        }
      }
    }
  }
  await quiet();
});

test('what did not change has no content in any chain', async (t) => {
  const { port, quiet } = await startBench(t);
  for (const chain of chains) {
    const path = `${chain.path}/file/small.txt`;
    const first = await ask(port, path);
    const again = await ask(port, path, { 'if-none-match': String(first.response.headers.etag) });
    assert.deepEqual([again.response.statusCode, again.content.length], [304, 0], path);
  }
  await quiet();
});

test('a range is cut of what would be sent, wherever it waited', async (t) => {
  const { port, quiet } = await startBench(t);
  for (const chain of chains) {
    const isChanged = [...chain.before, ...chain.after].includes('double');
    const isStill = [...chain.before, ...chain.after].every((link) => link === 'none');
    const path = `${chain.path}/file/small.txt`;
    const one = await ask(port, path, { range: 'bytes=9990-12345' });
    const two = await ask(port, path, { range: 'bytes=0-4,10-11' });
    const beyond = await ask(port, path, { range: 'bytes=9999999-' });
    if (isChanged) {
      for (const got of [one, two, beyond]) {
        assert.equal(got.response.statusCode, 200);
        assert.ok(undone(got, chain).equals(TEXT), path);
      }
      continue;
    }
    assert.equal(one.response.statusCode, 206, path);
    assert.equal(one.response.headers['content-range'], `bytes 9990-12345/${TEXT.length}`);
    assert.ok(one.content.equals(TEXT.subarray(9990, 12346)), path);
    assert.equal(beyond.response.statusCode, 416);
    // Several parts need a source that can begin anywhere.
    assert.equal(two.response.statusCode, isStill ? 206 : 200, path);
    if (!isStill) assert.ok(two.content.equals(TEXT), path);
  }
  await quiet();
});

/** Each link in each place, and all of them. */
const FEW = chains.filter(({ path }) =>
  ['/00', '/10', '/20', '/30', '/01', '/02', '/03', '/44'].includes(path),
);

for (const { path, ...links } of FEW) {
  const chain = { path, ...links };
  const name = `${links.before.join('+')}, gzip, ${links.after.join('+')}`;

  test(`16 MB pass ${name} at the pace of the client`, async (t) => {
    const { port, upstream, quiet } = await startBench(t);
    for (const [kind, fields] of [
      ['file/large.txt', {}],
      ['sized/large', ENCODED],
      ['chunked/large', {}],
    ] as const) {
      const response = await send(port, `${path}/${kind}`, 'GET', fields);
      const chunks: Buffer[] = [];
      let pauses = 0;
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
        if (chunks.length % 50 === 1 && pauses++ < 5) await new Promise((go) => setTimeout(go, 10));
      }
      const got = { response, content: Buffer.concat(chunks) };
      assert.ok(undone(got, chain).equals(LARGE), kind);
    }
    // A client that stands still holds the upstream back.
    const still = await send(port, `${path}/chunked/large`, 'GET', {});
    assert.equal(upstream.active, 1);
    still.destroy();
    const file = await send(port, `${path}/file/large.txt`, 'GET', ENCODED);
    file.destroy();
    await quiet();
  });
}
