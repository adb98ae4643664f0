/** Where the pool of `tandem up` has to listen, by what nginx.conf says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PoolDescription } from '../../appserver/describe.ts';
import { showAddress } from '../../cli/local-address.ts';
import { type Plan, planPools } from '../../cli/pool-plan.ts';
import { readUpOptions } from '../../cli/up-options.ts';
import { describeConfiguration } from '../../proxy/describe.ts';
import { freePorts } from '../harness/ports.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-plan-')));
/** In texts, what nobody listens at: P1, P2, P3; and what somebody does: BUSY. */
const places: Record<string, string> = {};
let stranger: net.Server;

before(async () => {
  const ports = await freePorts(4);
  ports.slice(0, 3).forEach((port, i) => {
    places[`P${i + 1}`] = `127.0.0.1:${port}`;
  });
  places['BUSY'] = `127.0.0.1:${ports[3]}`;
  stranger = net.createServer((socket) => socket.destroy()).listen(ports[3], '127.0.0.1');
  await once(stranger, 'listening');
});

after(() => {
  stranger.close();
  rmSync(folder, { recursive: true });
});

const filled = (text: string): string =>
  text.replace(/\b(P[123]|BUSY)\b/g, (name) => places[name] ?? name);

/** Says P1 for its address, so that expectations can be read. */
function masked(text: string): string {
  return Object.entries(places).reduce((all, [name, at]) => all.replaceAll(at, name), text);
}

const UNBOUND: PoolDescription = {
  app: null,
  bind: [{ text: 'http://127.0.0.1:8000', at: { host: '127.0.0.1', port: 8000 } }],
  boundBy: 'default',
  folder,
  keepalive: 2,
};

interface Planned {
  /** For each pool: what `--bind` it is given, and what it answers. */
  readonly pools: readonly (readonly [bind: string, served: string])[];
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

/** Plans on what stands in http{}. */
async function plan(
  http: string,
  settings: PoolDescription = UNBOUND,
  words: readonly string[] = [],
): Promise<Planned> {
  writeFileSync(join(folder, 'n.conf'), filled(`events {} http { ${http} }`));
  const described = describeConfiguration(folder, 'n.conf');
  assert.ok(!('error' in described), 'error' in described ? described.error : '');
  const options = readUpOptions(words.map(filled));
  assert.ok(typeof options === 'object');
  return shown(await planPools('n.conf', described, options.apps, settings));
}

function shown({ pools, warnings, problems }: Plan): Planned {
  return {
    pools: pools.map(({ bind, served }) => [
      masked(bind.map(showAddress).join(' ')),
      masked(served.map(({ destination }) => destination.name).join(' ')),
    ]),
    warnings: warnings.map(masked),
    problems: problems.map(masked),
  };
}

/** A server with these locations. It listens on a socket, so that tests need no port. */
const server = (locations: string): string => `server { listen unix:x.sock; ${locations} }`;
const toApi = server('location / { proxy_pass http://api; }');

function boundTo(...bind: string[]): PoolDescription {
  const list = bind.map((text) => {
    const [host = '', port] = filled(text).split(':');
    return { text, at: host === 'unix' ? { path: port! } : { host, port: Number(port) } };
  });
  return { ...UNBOUND, bind: list, boundBy: 'words' };
}

const good = (bind: string, served: string): Planned => ({
  pools: [[bind, served]],
  warnings: [],
  problems: [],
});

test('the pool listens where the upstream leads, over TCP and over a Unix socket', async () => {
  assert.deepEqual(await plan(`upstream api { server P1; } ${toApi}`), good('P1', 'api'));
  // A proxy_pass above the block.
  assert.deepEqual(await plan(`${toApi} upstream api { server P1; }`), good('P1', 'api'));
  assert.deepEqual(
    await plan(`upstream api { server unix:run/a.sock; } ${toApi}`),
    good('unix:run/a.sock', 'api'),
  );
});

test('all servers of an upstream are one application, but for those that are down', async () => {
  assert.deepEqual(
    await plan(`upstream api { server P1; server P2 backup; server P3 down; } ${toApi}`),
    good('P1 P2', 'api api'),
  );
});

test('an address that proxy_pass names itself is where the pool listens', async () => {
  assert.deepEqual(
    await plan(
      server('location / { proxy_pass http://P1/x/; } location /y { proxy_pass http://P1; }'),
    ),
    good('P1', 'P1'),
  );
  assert.deepEqual(
    await plan(server('location / { proxy_pass http://unix:run/b.sock:/; }')),
    good('unix:run/b.sock', 'unix:run/b.sock'),
  );
});

test('a name of this machine is an address of it', async () => {
  const { pools, problems } = await plan(
    server(`location / { proxy_pass http://localhost:${places['P1']?.split(':')[1]}; }`),
  );
  assert.deepEqual(problems, []);
  assert.match(pools[0]?.[0] ?? '', /^(P1|\[::1\]:\d+)( |$)/);
});

test('variables lead where set, map and upstream blocks say', async () => {
  assert.deepEqual(
    await plan(server('set $pool P1; location / { proxy_pass http://$pool; }')),
    good('P1', 'P1'),
  );
  assert.deepEqual(
    await plan(server('location / { set $to http://P1; proxy_pass $to$request_uri; }')),
    good('P1', 'P1'),
  );
  assert.deepEqual(
    await plan(
      `upstream api { server P1; } map $host $name { hostnames; default api; }
       ${server('location / { proxy_pass http://$name; }')}`,
    ),
    good('P1', 'api'),
  );
});

test('where only a request tells it is said, unless the words say where', async () => {
  const open = server('location / { proxy_pass http://$http_x_to; }');
  const { problems } = await plan(open);
  assert.deepEqual(problems, [
    'proxy_pass "http://$http_x_to" in n.conf contains variables, so it does not say where the pool ' +
      'must listen: use tandem up -- --bind ADDRESS',
  ]);
  const told = await plan(open, boundTo('P1'));
  assert.deepEqual(told.problems, []);
  assert.match(
    told.warnings[0] ?? '',
    /whether it leads to the pool at P1 depends on the request$/,
  );
});

test('an upstream that no proxy_pass names is nowhere to listen', async () => {
  assert.deepEqual(
    await plan(`upstream old { server P2; } upstream api { server P1; } ${toApi}`),
    good('P1', 'api'),
  );
});

test('an upstream that another program answers is left to it', async () => {
  assert.deepEqual(
    await plan(
      `upstream old { server BUSY; } upstream api { server P1; }
       ${server('location / { proxy_pass http://old; } location /a { proxy_pass http://api; }')}`,
    ),
    good('P1', 'api'),
  );
});

test('where every upstream is answered by another program, that one is in the way', async () => {
  const { problems } = await plan(`upstream api { server BUSY; } ${toApi}`);
  assert.deepEqual(problems, [
    'upstream "api" in n.conf leads to BUSY, which is in use by another program: stop that, or change ' +
      'the port',
  ]);
});

test('what leads back to the proxy is not for the pool', async () => {
  assert.deepEqual(
    await plan(
      `server { listen P2; location / { proxy_pass http://P1; } }
       ${server('location / { proxy_pass http://P2; }')}`,
    ),
    good('P1', 'P1'),
  );
});

test('where nothing leads to this machine it is said', async () => {
  const none = await plan(server('location / { return 204; }'));
  assert.match(
    none.problems[0] ?? '',
    /^n\.conf has no proxy_pass, so no request would reach the app/,
  );
  const remote = await plan(server('location / { proxy_pass http://192.0.2.1; }'));
  assert.match(
    remote.problems[0] ?? '',
    /^n\.conf leads elsewhere \(192\.0\.2\.1:80\), so no request/,
  );
});

test('the words win, and have to fit', async () => {
  const two = `upstream api { server P1; } upstream web { server P2; }
    ${server('location / { proxy_pass http://api; } location /w { proxy_pass http://web; }')}`;
  assert.deepEqual(await plan(two, boundTo('P2')), {
    pools: [['', 'web']],
    warnings: [
      'upstream "api" in n.conf leads to P1, where nothing listens: start that server, or name an ' +
        'application with --app api=MODULE:EXPORT',
    ],
    problems: [],
  });
  const everywhere = boundTo(`0.0.0.0:${places['P2']?.split(':')[1]}`);
  assert.deepEqual((await plan(two, everywhere)).pools, [['', 'web']]);
  assert.deepEqual((await plan(two, boundTo('P3'))).problems, [
    'no upstream in n.conf leads to the pool at P3: they lead to P1, P2',
  ]);
});

test('settings that fit are left alone; others give way to the file', async () => {
  const settings: PoolDescription = { ...boundTo('P1'), boundBy: 'settings' };
  assert.deepEqual(await plan(`upstream api { server P1; } ${toApi}`, settings), good('', 'api'));
  assert.deepEqual(await plan(`upstream api { server P2; } ${toApi}`, settings), {
    pools: [['P2', 'api']],
    warnings: ['the settings bind P1, but nothing in n.conf leads there: the pool listens at P2'],
    problems: [],
  });
});

test('each upstream can have an application of its own', async () => {
  const two = `upstream api { server P1; } upstream web { server P2; }
    ${server('location / { proxy_pass http://api; } location /w { proxy_pass http://web; } location /x { proxy_pass http://P3; }')}`;
  const apps = ['--app', 'web=w', '--app=P3=x', '--app', 'a:default'];
  assert.deepEqual(await plan(two, UNBOUND, apps), {
    pools: [
      ['P2', 'web'],
      ['P3', 'P3'],
      ['P1', 'api'],
    ],
    warnings: [],
    problems: [],
  });
  assert.deepEqual((await plan(two, UNBOUND, ['--app', 'wep=w'])).problems, [
    'n.conf has no upstream "wep" on this machine: it has api, web, P3',
  ]);
  assert.deepEqual((await plan(two, boundTo('P1'), ['--app', 'web=w'])).problems, [
    '--bind works only with a single --app MODULE:EXPORT: otherwise n.conf says where each pool listens',
  ]);
});

test('two applications without the name of an upstream are one too many', () => {
  const options = readUpOptions(['--app', 'a', '--app', 'b']);
  assert.equal(
    options,
    'several applications: say which upstream each is for, --app UPSTREAM=MODULE:EXPORT',
  );
});
