/**
 * Both tiers read one path: the location that let a request pass is the location of the path that a
 * fetch application saw, behind our proxy and behind Debian's nginx. TANDEM_TARGETS says how many
 * targets are drawn (1000 unless given).
 */
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { normalisePath } from '../../wire/path.ts';
import { startPool } from '../appserver/pool-process.ts';
import type { Front } from '../harness/front.ts';
import { lacksNginx, startNginx } from '../harness/nginx.ts';
import { startProxy } from '../harness/proxy.ts';
import { field, RawClient, type RawResponse } from '../harness/raw-client.ts';

const COUNT = Number(process.env['TANDEM_TARGETS'] ?? 1000);
const BATCH = 100;

const APPLICATION = `export default {
  fetch: (request) => new Response(null, { headers: { 'x-seen': request.url } }),
};`;

/** Each names itself in a field; all of them pass to the pool what the client sent. */
const LOCATIONS: readonly (readonly [modifier: '' | '=' | '^~' | '~', name: string])[] = [
  ['', '/'],
  ['', '/admin'],
  ['', '/admin/'],
  ['', '/admin/users/'],
  ['', '/accounts/login/'],
  ['=', '/accounts/login/'],
  ['', '/a b/'],
  ['^~', '/static/'],
  ['', '/x/y'],
  ['~', '\\.php$'],
  ['~', '/private/'],
];

function configuration(socket: string): string {
  const server = (port: number, slashes: string): string => `
    server {
      listen 127.0.0.1:${port}; merge_slashes ${slashes}; keepalive_requests 100000;
      ${LOCATIONS.map(
        ([modifier, name], at) => `location ${modifier} "${name}" {
          add_header X-Location ${at} always; proxy_pass http://app;
          proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection "";
        }`,
      ).join('\n')}
    }`;
  return `upstream app { server unix:${socket}; keepalive 8; }
    ${server(8080, 'on')}${server(8081, 'off')}`;
}

/** The location of a decoded path (nginx `ngx_http_core_find_location`), without our tree. */
function locationOf(path: string): string {
  const prefixes = LOCATIONS.filter(
    ([modifier, name]) => (modifier === '' || modifier === '^~') && path.startsWith(name),
  );
  const [longest] = prefixes.toSorted(([, a], [, b]) => b.length - a.length);
  const exact = LOCATIONS.find(([modifier, name]) => modifier === '=' && name === path);
  const matching = LOCATIONS.find(
    ([modifier, name]) => modifier === '~' && new RegExp(name, 's').test(path),
  );
  const found = exact ?? (longest?.[0] === '^~' ? longest : (matching ?? longest));
  return String(found === undefined ? -1 : LOCATIONS.indexOf(found));
}

const piece = fc.constantFrom(
  ...['admin', 'users', 'accounts', 'login', 'static', 'private', 'x', 'y', 'index.php', 'a%20b'],
  ...['..', '.', '%2e%2e', '.%2E', '%2e', '%2E.', '...', '..;', '.well-known', '%252e%252e'],
  ...['', '', '%2f', '%2F..', '..%2f', '%2f%2F', '..%2fadmin', 'x%2f..', '.%2f', '%2e%2e%2fadmin'],
  ...['\\', '..\\', '\\..', '%5c', '%5C..', '..%5cadmin', '%5c%2e%2e%5c'],
  ...[
    '%61dmin',
    'admi%6E',
    '%2561dmin',
    'ADMIN',
    'caf\xe9',
    '%C3%A9',
    'a+b',
    'a:b',
    '@',
    '|"<^`{}',
  ],
);
const ending = fc.constantFrom('', '', '', '/', '?', '?x=/../admin/', '#', '#/../admin', '?a#b');
const beginning = fc.constantFrom('', '', '', '', 'http://localhost', 'http://localhost:1');
const drawn = fc
  .tuple(beginning, fc.array(piece, { minLength: 1, maxLength: 7 }), ending)
  .map(([start, pieces, end]) => `${start}/${pieces.join('/')}${end}`);

/** The path of a target as it stands there. */
function pathOf(target: string): string {
  return target.replace(/^http:\/\/[^/]*/, '').replace(/[?#].*$/s, '');
}

/** Whether a segment is `.` or `..` for anybody. */
function hasDotSegment(path: string): boolean {
  const segments = path.replaceAll(/%2f/gi, '/').replaceAll(/%2e/gi, '.').split('/');
  return segments.includes('.') || segments.includes('..');
}

function decoded(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Answers to targets, which the front itself does not refuse, on one connection. */
async function askAll(
  front: Front,
  port: number,
  targets: readonly string[],
): Promise<RawResponse[]> {
  const client = await RawClient.connect(front.port(port));
  try {
    client.send(
      targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''),
    );
    const answers: RawResponse[] = [];
    for (const _ of targets) answers.push(await client.response());
    return answers;
  } finally {
    client.destroy();
  }
}

function judge(target: string, answer: RawResponse, merges: boolean, refusals: Set<string>): void {
  const said = `${target}, merge_slashes ${merges ? 'on' : 'off'}`;
  // The name of a proxied location without its slash: the front's own answer.
  if (answer.status === 301) return;
  const location = field(answer, 'x-location');
  const path = pathOf(target);
  const read = normalisePath(path, merges)?.path ?? '';
  assert.equal(location, locationOf(read), `the location of ${said}`);
  if (answer.status === 400) {
    assert.ok(hasDotSegment(path), `${said} has no dot segment and was refused`);
    refusals.add(target);
    return;
  }
  assert.equal(answer.status, 200, said);
  const seen = decoded(new URL(field(answer, 'x-seen') ?? '').pathname);
  const merged = merges ? seen.replaceAll(/\/+/g, '/') : seen;
  assert.equal(location, locationOf(merged), `${said}: the application saw ${seen}`);
  assert.equal(merged, read, `${said}: the application saw ${seen}`);
}

async function holdTargets(front: Front): Promise<void> {
  const refusals = new Set<string>();
  let asked = 0;
  const targets = fc.sample(drawn, COUNT).filter((target) => target.length < 1000);
  for (const [port, merges] of [
    [8080, true],
    [8081, false],
  ] as const) {
    // What the front refuses, the pool never hears of.
    const isRead = (target: string): boolean => normalisePath(pathOf(target), merges) !== undefined;
    const passed = targets.filter(isRead);
    asked += passed.length;
    const refused = targets.filter((target) => !isRead(target)).slice(0, BATCH);
    for (const target of refused) {
      const [answer] = await askAll(front, port, [target]);
      assert.deepEqual([answer?.status, field(answer!, 'x-location')], [400, undefined], target);
    }
    for (let from = 0; from < passed.length; from += BATCH) {
      const batch = passed.slice(from, from + BATCH);
      const answers = await askAll(front, port, batch);
      for (const [at, target] of batch.entries()) judge(target, answers[at]!, merges, refusals);
    }
  }
  assert.ok(asked > COUNT, 'most targets reach the pool');
  assert.ok(refusals.size > COUNT / 100, 'some have two readings');
  assert.ok(refusals.size < COUNT, 'most have one');
}

async function startBoth(t: TestContext, start: (http: string) => Promise<Front>): Promise<Front> {
  const pool = await startPool(t, {
    files: { 'app.mjs': APPLICATION },
    args: ['app', '--log-level', 'critical'],
  });
  const front = await start(configuration(pool.socketPath));
  t.after(() => front.stop());
  return front;
}

suite('both tiers read one path', () => {
  test('behind our proxy', async (t) => holdTargets(await startBoth(t, startProxy)));

  test("behind Debian's nginx", { skip: lacksNginx() }, async (t) =>
    holdTargets(await startBoth(t, startNginx)),
  );
});
