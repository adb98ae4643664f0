/** What a handler, an owner or a sink throws ends its exchange, and the server goes on. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { reportFaultsTo } from '../../http1/fault.ts';
import type { ContentSink, Exchange, ExchangeOwner, TunnelSink } from '../../wire/exchange.ts';
import { converse } from '../harness/raw-client.ts';
import { answer, startServer, type TestServer, WRAPPERS } from './harness.ts';

const GET = 'GET /bad HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const POST = 'POST /bad HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n';

function boom(what: string): never {
  throw new Error(`boom in ${what}`);
}

/** An owner that says what it heard of faults, and of which one method throws. */
class BadOwner implements ExchangeOwner {
  readonly faults: string[] = [];
  readonly heard: string[] = [];
  readonly #exchange: Exchange;
  readonly #bad: string;

  constructor(exchange: Exchange, bad: string) {
    this.#exchange = exchange;
    this.#bad = bad;
    exchange.owner = this;
  }

  #hear(what: string): void {
    this.heard.push(what);
    if (what === this.#bad) boom(what);
  }

  drained(): void {
    this.#hear('drained');
  }
  finished(): void {
    this.#hear('finished');
  }
  aborted(): void {
    this.#hear('aborted');
  }
  inputEnded(): void {
    this.#hear('inputEnded');
  }

  threw(error: unknown): void {
    this.faults.push(error instanceof Error ? error.message : String(error));
    if (this.#bad === 'threw') boom('threw');
    if (this.#exchange.isHeadSent) this.#exchange.abort();
    else answer(this.#exchange, 500, 'failed');
  }
}

function sinkOf(bad: keyof ContentSink): ContentSink {
  const hear = (what: string): void => {
    if (what === bad) boom(what);
  };
  return { data: () => hear('data'), end: () => hear('end'), fail: () => hear('fail') };
}

function tunnelSinkOf(bad: keyof TunnelSink, threw: (error: unknown) => void): TunnelSink {
  const hear = (what: string): void => {
    if (what === bad) boom(what);
  };
  const drained = (): void => {};
  return { data: () => hear('data'), drained, end: () => hear('end'), closed: () => {}, threw };
}

/** What one kind of fault is, and what the client sees of it. */
interface Case {
  readonly name: string;
  readonly request: string;
  readonly seen: RegExp;
  readonly handle: (exchange: Exchange, owner: BadOwner) => void;
  readonly bad?: string;
  readonly fault: string;
}

const CASES: readonly Case[] = [
  {
    name: 'a handler',
    request: GET,
    seen: /^HTTP\/1.1 500 [\s\S]*failed$/,
    fault: 'boom in handler',
    handle: () => boom('handler'),
  },
  {
    name: 'a handler that has sent the head',
    request: GET,
    seen: /^HTTP\/1.1 200 [\s\S]*\r\n\r\nsome$/,
    fault: 'boom in handler',
    handle: (exchange) => {
      exchange.writeHead(200, 'OK', '', 10);
      exchange.write('some');
      boom('handler');
    },
  },
  {
    name: 'the end of a response',
    request: GET,
    bad: 'finished',
    seen: /^HTTP\/1.1 200 [\s\S]*whole$/,
    fault: 'boom in finished',
    handle: (exchange) => answer(exchange, 200, 'whole'),
  },
  {
    name: 'an abort',
    request: GET,
    bad: 'aborted',
    seen: /^$/,
    fault: 'boom in aborted',
    handle: (exchange) => exchange.abort(),
  },
  ...(['data', 'end'] as const).map((bad) => ({
    name: `the ${bad} of content`,
    request: `${POST}abcd`,
    seen: /^HTTP\/1.1 500 [\s\S]*failed/,
    fault: `boom in ${bad}`,
    handle: (exchange: Exchange) => {
      exchange.keepAlive = false;
      exchange.readContent(sinkOf(bad), 0);
    },
  })),
  {
    name: 'content that is malformed',
    request: 'POST /bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    seen: /^HTTP\/1.1 500 [\s\S]*failed/,
    fault: 'boom in fail',
    handle: (exchange) => exchange.readContent(sinkOf('fail'), 0),
  },
  {
    name: 'content that is late',
    request: `${POST}ab`,
    seen: /^HTTP\/1.1 500 [\s\S]*failed/,
    fault: 'boom in fail',
    handle: (exchange) => {
      exchange.times = { ...exchange.times, contentTimeoutMs: 50 };
      exchange.readContent(sinkOf('fail'), 0);
    },
  },
  {
    name: 'bytes of a tunnel',
    request: 'GET /bad HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nearly',
    seen: /^HTTP\/1.1 101 [\s\S]*\r\n\r\n$/,
    fault: 'boom in data',
    handle: (exchange, owner) => {
      exchange.upgrade(
        101,
        'Go',
        'Upgrade: x\r\n',
        tunnelSinkOf('data', (error) => owner.threw(error)),
      );
    },
  },
];

async function stillServes({ port }: TestServer): Promise<void> {
  const seen = await converse(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(seen, /^HTTP\/1.1 200 [\s\S]*good$/);
}

/** Owners of the bad requests, and a server that answers all others. */
async function startBad(
  t: TestContext,
  isPlain: boolean,
): Promise<{ server: TestServer; owners: BadOwner[]; use(next: Case): void }> {
  let current: Case = CASES[0]!;
  const owners: BadOwner[] = [];
  const server = await startServer(t, {
    isPlain,
    handle: (exchange) => {
      if (exchange.head.target === '/') {
        answer(exchange, 200, 'good');
        return;
      }
      const owner = new BadOwner(exchange, current.bad ?? '');
      owners.push(owner);
      current.handle(exchange, owner);
    },
  });
  const use = (next: Case): void => {
    current = next;
  };
  return { server, owners, use };
}

for (const { name, isPlain } of WRAPPERS) {
  test(`a fault ends its exchange alone (${name})`, async (t) => {
    const { server, owners, use } = await startBad(t, isPlain);
    for (const one of CASES) {
      await t.test(one.name, async () => {
        use(one);
        assert.match(await converse(server.port, one.request), one.seen);
        const owner = owners.at(-1)!;
        assert.deepEqual(owner.faults, [one.fault]);
        // Its end is told once, whatever threw.
        const ends = owner.heard.filter((what) => what === 'finished' || what === 'aborted');
        assert.equal(ends.length, 1);
        await stillServes(server);
        assert.equal(server.accounts.idle, 0);
      });
    }
  });
}

test('a fault that its owner cannot deal with is answered by the engine', async (t) => {
  const strays: string[] = [];
  reportFaultsTo((error) => strays.push(String(error)));
  const server = await startServer(t, {
    isPlain: false,
    handle: (exchange) => {
      if (exchange.head.target === '/') answer(exchange, 200, 'good');
      else if (exchange.head.target === '/bad') {
        new BadOwner(exchange, 'threw');
        boom('handler');
      } else boom('a handler without owner');
    },
  });
  assert.match(await converse(server.port, GET), /^HTTP\/1.1 500 Internal Server Error\r\n/);
  assert.match(
    await converse(server.port, GET.replace('/bad', '/nobody')),
    /^HTTP\/1.1 500 Internal Server Error\r\n/,
  );
  assert.deepEqual(strays, [
    'Error: boom in handler',
    'Error: boom in threw',
    'Error: boom in a handler without owner',
  ]);
  await stillServes(server);
});
