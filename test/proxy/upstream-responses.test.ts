/**
 * Responses that break a rule, or say more than one thing. Expectations are those of nginx 1.23 and later,
 * where Debian's 1.22 still passes the response on.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { field } from '../harness/raw-client.ts';
import { answeredBy, reply, scriptedUpstream } from '../parity/scripted-upstream.ts';
import { answering, response, type Upstream, upstreamFor } from './upstream-servers.ts';

const configuration = (port: number, other: number): string => `
log_format tries '$upstream_status';
upstream two { server 127.0.0.1:${port} max_fails=0; server 127.0.0.1:${other} max_fails=0; }
server {
  listen 127.0.0.1:8080;
  location / { proxy_pass http://127.0.0.1:${port}; }
  location /page { proxy_pass http://127.0.0.1:${port}; error_page 502 /own; }
  location = /own { return 200 own; }
  location /two { proxy_pass http://two; proxy_next_upstream error invalid_header; access_log tries.log tries; }
  location /told {
    proxy_pass http://127.0.0.1:${port};
    add_header X-Told "$upstream_http_x|$upstream_http_etag|$upstream_http_cache_control|$sent_http_x|$upstream_http_set_cookie";
  }
  location /files/ { internal; alias files/; }
}
`;

describe('responses that break a rule', () => {
  let front: Front;
  let upstream: Upstream;
  let other: Upstream;
  const hooks: (() => unknown)[] = [];

  before(async () => {
    const life = { after: (hook: () => unknown) => hooks.push(hook) };
    upstream = await scriptedUpstream(life);
    other = await upstreamFor(
      life,
      answering(() => response(200, 'other')),
    );
    const files = { 'files/one': 'one', 'files/two': 'two' };
    front = await startProxy(configuration(upstream.port, other.port), { files });
    hooks.unshift(() => front.stop());
  });
  after(async () => {
    for (const hook of hooks) await hook();
  });

  const start = 'HTTP/1.1 200 OK\r\n';
  const FAULTS: Readonly<Record<string, string>> = {
    [`${start}Content-Length: 2\r\nContent-Length: 2\r\n\r\nno`]:
      'duplicate header line: "Content-Length: 2"',
    [`${start}Content-Length: 2\r\nContent-Length: 3\r\n\r\nno`]:
      'duplicate header line: "Content-Length: 3", previous value: "Content-Length: 2" while',
    [`${start}Content-Length: x\r\n\r\nno`]: 'invalid "Content-Length" header',
    [`${start}Content-Length: -1\r\n\r\nno`]: 'invalid "Content-Length" header',
    [`${start}Content-Length:\r\n\r\nno`]: 'invalid "Content-Length" header',
    [`${start}Content-Length: 99999999999999999999\r\n\r\nno`]: 'invalid "Content-Length" header',
    [`${start}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`]:
      '"Content-Length" and "Transfer-Encoding" headers at the same time',
    [`${start}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`]:
      'duplicate header line',
    [`${start}Transfer-Encoding: gzip\r\n\r\n`]: 'unknown "Transfer-Encoding": "gzip"',
    [`${start}Transfer-Encoding: identity\r\n\r\n`]: 'unknown "Transfer-Encoding": "identity"',
  };

  test('framing that is unclear is a 502, in nginx words', async () => {
    for (const [bytes, words] of Object.entries(FAULTS)) {
      assert.equal((await front.ask(answeredBy('/', bytes))).status, 502, bytes);
      await front.lines('error.log', (lines) =>
        lines.some((line) => line.includes(`upstream sent ${words}`)),
      );
    }
    const [bytes = ''] = Object.keys(FAULTS);
    const page = await front.ask(answeredBy('/page', bytes));
    assert.deepEqual([page.status, page.content], [502, 'own']);
  });

  test('the next server is asked where invalid_header says so', async () => {
    const [bytes = ''] = Object.keys(FAULTS);
    for (let i = 0; i < 2; i++) {
      assert.equal((await front.ask(answeredBy('/two', bytes))).content, 'other');
    }
    const lines = await front.lines('tries.log', 2);
    assert.ok(lines.includes('502, 200'), lines.join());
  });

  test('early hints are dropped', async () => {
    const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const answer = await front.ask(answeredBy('/', `${hint}${hint}${reply('201 Created')}`));
    assert.deepEqual(
      [answer.status, answer.content, field(answer, 'link')],
      [201, 'no', undefined],
    );
  });

  test('chunks whose lines end by LF alone are not passed on as whole', async () => {
    const bytes = `${start}Transfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n`;
    await assert.rejects(front.ask(answeredBy('/', bytes)), /no whole response/);
  });

  test('variables join what came more than once, but for what counts once', async () => {
    const lines = [
      'X: 1',
      'X: 2',
      'ETag: "a"',
      'ETag: "b"',
      'Cache-Control: c',
      'Cache-Control: d',
    ];
    const cookies = ['Set-Cookie: a=1', 'Set-Cookie: b=2; p'];
    const answer = await front.ask(answeredBy('/told', reply('200 OK', ...lines, ...cookies)));
    assert.equal(field(answer, 'x-told'), '1, 2|"a"|c, d|1, 2|a=1, b=2; p');
  });

  test('of two X-Accel-Redirect the first is followed', async () => {
    const lines = ['X-Accel-Redirect: /files/one', 'X-Accel-Redirect: /files/two'];
    assert.equal((await front.ask(answeredBy('/', reply('200 OK', ...lines)))).content, 'one');
  });
});
