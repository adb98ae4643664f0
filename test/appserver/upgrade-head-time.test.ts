/** How long the head of an upgrade may take: docs/gateway-interface.md 8.4, by a clock of the test's. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Takeover, type TakeoverOwner } from '../../appserver/apps/fetch/takeover.ts';
import { RawClient } from '../harness/raw-client.ts';
import { NotedOwner, startServer } from '../http1/harness.ts';

const ASK = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n';
const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n';

interface Taken {
  readonly takeover: Takeover;
  readonly errors: Error[];
  readonly client: RawClient;
}

/** A connection whose application has come to its end, with `first` written to its socket. */
async function takeOver(t: TestContext, first = ''): Promise<Taken> {
  const errors: Error[] = [];
  const owner: TakeoverOwner = {
    switched() {},
    refused() {},
    failed: (error) => errors.push(error),
  };
  const handled = Promise.withResolvers<Takeover>();
  const server = await startServer(t, {
    isPlain: false,
    handle: (exchange) => {
      exchange.owner = new NotedOwner();
      handled.resolve(new Takeover(exchange, owner));
    },
  });
  const client = await RawClient.connect(server.port);
  t.after(() => client.destroy());
  client.send(ASK);
  const takeover = await handled.promise;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  if (first !== '') takeover.socket.write(first);
  takeover.awaitHead();
  return { takeover, errors, client };
}

test('without a head for 60 seconds an upgrade is given up', async (t) => {
  const { errors, client } = await takeOver(t);
  const closed = once(client.socket, 'close');
  t.mock.timers.tick(59_999);
  assert.deepEqual(errors, []);
  t.mock.timers.tick(1);
  assert.match(String(errors[0]), /no response head was written/);
  await closed;
  assert.equal(errors.length, 1);
});

for (const [when, early, late] of [
  ['before', HEAD, ''],
  ['after', '', HEAD],
  ['around', HEAD.slice(0, 20), HEAD.slice(20)],
] as const) {
  test(`with a head ${when} the end of the function it lasts as long as it likes`, async (t) => {
    const { takeover, errors, client } = await takeOver(t, early);
    t.mock.timers.tick(59_999);
    takeover.socket.write(late);
    t.mock.timers.tick(60_000);
    takeover.socket.end('still there');
    assert.match(await client.rest(), /\r\n\r\nstill there$/);
    assert.deepEqual(errors, []);
  });
}

test('nothing is given up twice', async (t) => {
  const { takeover, errors } = await takeOver(t);
  takeover.socket.destroy();
  takeover.awaitHead();
  t.mock.timers.tick(60_000);
  assert.deepEqual(errors, []);
});
