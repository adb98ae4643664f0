import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUpstreamUrl, UrlProblem } from './url.ts';

function parts(text: string): readonly unknown[] {
  const url = parseUpstreamUrl(text, 80, true);
  if (url instanceof UrlProblem) return [url.message];
  return [url.kind, url.host, url.port, url.hasPort, url.uri];
}

test('a host, an address and a port are told apart from the URI', () => {
  assert.deepEqual(parts('backend'), ['name', 'backend', 80, false, '']);
  assert.deepEqual(parts('backend:8000/a/b?c'), ['name', 'backend', 8000, true, '/a/b?c']);
  assert.deepEqual(parts('127.0.0.1?x:1'), ['address', '127.0.0.1', 80, false, '?x:1']);
  assert.deepEqual(parts('127.0.0.1:81/'), ['address', '127.0.0.1', 81, true, '/']);
  assert.deepEqual(parts('[::1]:8080/x'), ['address', '[::1]', 8080, true, '/x']);
  assert.deepEqual(parts('[::1]'), ['address', '[::1]', 80, false, '']);
});

test('a Unix path ends at the colon before the URI', () => {
  assert.deepEqual(parts('unix:/run/app.sock'), ['unix', '/run/app.sock', 0, false, '']);
  assert.deepEqual(parts('unix:run/app.sock:/x/'), ['unix', 'run/app.sock', 0, false, '/x/']);
});

test('what cannot be an address is refused in nginx words', () => {
  assert.deepEqual(parts('a:0'), ['invalid port']);
  assert.deepEqual(parts('a:65536'), ['invalid port']);
  assert.deepEqual(parts('a:x'), ['invalid port']);
  assert.deepEqual(parts(':80'), ['no host']);
  assert.deepEqual(parts('unix:'), ['no path in the unix domain socket']);
  assert.deepEqual(parts(`unix:/${'x'.repeat(107)}`), ['too long path in the unix domain socket']);
  assert.deepEqual(parts('[::1'), ['invalid host']);
  assert.deepEqual(parts('[::1]x'), ['invalid host']);
  assert.deepEqual(parts('[]'), ['no host']);
  assert.deepEqual(parts('[::z]'), ['invalid IPv6 address']);
});

test('a server address takes no URI', () => {
  const url = parseUpstreamUrl('127.0.0.1:80/x', 80, false);
  assert.ok(url instanceof UrlProblem);
  assert.equal(url.message, 'invalid host');
});
