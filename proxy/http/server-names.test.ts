import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRegex } from '../config/regex.ts';
import { VirtualServer } from './location.ts';
import { Matcher } from './matcher.ts';
import { HttpRequest } from './request.ts';
import { isLookupName, shownServerName } from './server-name.ts';
import { ServerNames } from './server-names.ts';

function serverOf(name: string): VirtualServer {
  const server = new VirtualServer();
  server.name = name;
  return server;
}

function find(names: ServerNames, host: string): string {
  const r: HttpRequest = Object.create(HttpRequest.prototype);
  return names.find(host, r).name;
}

describe('ServerNames', () => {
  it('asks exact names, leading stars, trailing stars, expressions, default', () => {
    const names = new ServerNames(serverOf('default'));
    for (const name of ['www.a.b', '*.a.b', '*.b', 'www.*', 'www.a.*', '.c']) {
      assert.ok(names.add(name, serverOf(name)), name);
    }
    const regex = new Matcher(compileRegex('^n(\\d)', true, { file: 'test', line: 1 }), []);
    names.addRegex(regex, serverOf('regex'));
    const cases = [
      ['www.a.b', 'www.a.b'],
      ['x.a.b', '*.a.b'],
      ['x.y.a.b', '*.a.b'],
      ['a.b', '*.b'],
      ['b', 'default'],
      ['www.x', 'www.*'],
      ['www.a.x', 'www.a.*'],
      ['www.a.x.y', 'www.a.*'],
      ['www', 'default'],
      ['c', '.c'],
      ['x.c', '.c'],
      ['n1', 'regex'],
      ['', 'default'],
    ] as const;
    for (const [host, name] of cases) assert.equal(find(names, host), name, host);
  });

  it('keeps the first server of a name', () => {
    const names = new ServerNames(serverOf('default'));
    assert.equal(names.add('.a', serverOf('first')), true);
    assert.equal(names.add('a', serverOf('second')), false);
    assert.equal(names.add('*.a', serverOf('third')), false);
    assert.equal(find(names, 'a'), 'first');
    assert.equal(find(names, 'x.a'), 'first');
  });
});

describe('names', () => {
  it('may be looked up with one star at an end', () => {
    for (const name of ['', 'a', '*.a', 'a.*', '.a', '_']) assert.ok(isLookupName(name), name);
    for (const name of ['*', '*.', 'a*.b', 'a.*.b', '*.*', 'a..b']) {
      assert.ok(!isLookupName(name), name);
    }
  });

  it('are shown without the dot that stands for two forms', () => {
    assert.equal(shownServerName('.a.b'), 'a.b');
    assert.equal(shownServerName('~^x'), '~^x');
  });
});
