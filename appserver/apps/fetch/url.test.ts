import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AMBIGUOUS, requestUrl } from './url.ts';

const GOOD: [string | undefined, string, string][] = [
  ['a.example', '/', 'http://a.example/'],
  ['a.example:80', '/p?q=1', 'http://a.example/p?q=1'],
  ['A.Example:8080', '/', 'http://a.example:8080/'],
  ['[::1]:8080', '/', 'http://[::1]:8080/'],
  [undefined, '/x', 'http://localhost/x'],
  ['h', '//evil.example/z', 'http://h//evil.example/z'],
  ['h', '/a/../b', 'http://h/b'],
  ['h', '/a/%2e%2E/b', 'http://h/b'],
  ['h', '/a b"<>?q=\'"', 'http://h/a%20b%22%3C%3E?q=%27%22'],
  ['h', '/a\\..\\b', 'http://h/a%5C..%5Cb'],
  ['h', '/a%5c..%5cb/../c', 'http://h/c'],
  ['h', '/a/..\\b', 'http://h/a/..%5Cb'],
  ['h', '/a//b/', 'http://h/a//b/'],
  ['h', '/a//b/../c', 'http://h/a//c'],
  ['h', '/a%2Fb', 'http://h/a%2Fb'],
  ['h', '/a%2Fb/./c', 'http://h/a%2Fb/c'],
  ['h', '/a/.well-known/...', 'http://h/a/.well-known/...'],
  ['h', '/a#b/../c', 'http://h/a'],
  ['h', '/a?b#c', 'http://h/a?b'],
  ['h', '/a?b=/../c%2f..%2f', 'http://h/a?b=/../c%2f..%2f'],
  ['h', 'http://h/a/../b', 'http://h/b'],
  ['h', '/caf\xe9?\xff', 'http://h/caf%E9?%FF'],
  ['h', '/%zz', 'http://h/%zz'],
  ['h', '*', 'http://h/*'],
  ['h', 'http://other.example:81/z?y', 'http://other.example:81/z?y'],
  ['h', 'HTTP://other.example', 'http://other.example/'],
  ['h', 'http://other.example?q', 'http://other.example/?q'],
];
for (const [host, target, url] of GOOD) {
  test(`${target} at ${host} is ${url}`, () => {
    assert.equal(requestUrl('http', host, target), url);
  });
}

/** A front reads another path in these, or none. */
for (const target of [
  '/admin//../x',
  '/accounts/a%2fb/../login/',
  '/x/..%2fadmin',
  '/x/%2e%2e%2Fadmin',
  '/x%2f../admin',
  '/x/.%2fy',
  '/x/y%2f.',
  '/x/y%2F%2e%2e',
  '//../x',
  '/../x',
  '/x/../../y',
  '/%2e%2E',
  '/x/../%zz',
  '/x/../%00',
  'http://h/admin//../x',
]) {
  test(`${target} has more than one reading`, () => {
    assert.equal(requestUrl('http', 'h', target), AMBIGUOUS);
  });
}

const BAD: [string, string][] = [
  ['a b<c', '/'],
  ['user@host', '/'],
  ['host/path', '/'],
  ['host?q', '/'],
  ['host#f', '/'],
  ['host\\x', '/'],
  ['', '/'],
  ['h:99999', '/'],
  ['h', 'ftp://x/'],
  ['h', 'x'],
  ['h', 'http://user@evil.example/'],
];
for (const [host, target] of BAD) {
  test(`${target} at "${host}" is no URL`, () => {
    assert.equal(requestUrl('https', host, target), undefined);
  });
}

test('the fast way gives what URL gives', () => {
  const letters = 'abZ09-._~!$&\'()*+,;=:@/%?# \\[]{}|^`"<>é';
  let seed = 42;
  const next = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  for (let round = 0; round < 5000; round += 1) {
    let target = '/';
    for (let i = next(8); i > 0; i -= 1) target += letters[next(letters.length - 1)];
    const path = target.split('?', 1)[0] ?? '';
    if (path.includes('\\')) continue; // Kept apart on purpose.
    const url = requestUrl('http', 'h', target);
    if (url === AMBIGUOUS) continue; // Has a test of its own.
    assert.equal(url, new URL(`http://h${target}`).href.replace(/#.*/, ''), target);
  }
});
