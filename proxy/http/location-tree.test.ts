import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRegex } from '../config/regex.ts';
import { Location, type LocationKind } from './location.ts';
import { LocationTree, type RegexLocation } from './location-tree.ts';
import { Matcher } from './matcher.ts';
import { HttpRequest } from './request.ts';

const PLACE = { file: 'test', line: 1 };

function requestFor(uri: string): HttpRequest {
  return Object.assign(Object.create(HttpRequest.prototype), { uri, captures: null });
}

function locationOf(kind: LocationKind, name: string, inner?: LocationTree): Location {
  const location = new Location(kind, name, undefined);
  location.tree = inner;
  return location;
}

function regexOf(pattern: string, inner?: LocationTree): RegexLocation {
  const matcher = new Matcher(compileRegex(pattern, false, PLACE), []);
  return { matcher, location: locationOf('regex', pattern, inner) };
}

function found(tree: LocationTree, uri: string): string | undefined {
  const location = tree.find(requestFor(uri));
  return location === undefined ? undefined : `${location.kind} ${location.name}`;
}

describe('LocationTree', () => {
  it('finds the longest prefix, wherever names share letters', () => {
    const names = ['/', '/images/', '/images', '/img', '/image', '/images/big/'];
    const tree = new LocationTree(
      names.map((name) => locationOf('prefix', name)),
      [],
    );
    const cases = [
      ['/', '/'],
      ['/i', '/'],
      ['/im', '/'],
      ['/img', '/img'],
      ['/imgs', '/img'],
      ['/imag', '/'],
      ['/image', '/image'],
      ['/images', '/images'],
      ['/images/', '/images/'],
      ['/images/bigger', '/images/'],
      ['/images/big/x', '/images/big/'],
    ] as const;
    for (const [uri, name] of cases) assert.equal(found(tree, uri), `prefix ${name}`, uri);
  });

  it('finds nothing where no prefix begins the path', () => {
    const tree = new LocationTree([locationOf('prefix', '/a')], []);
    assert.equal(found(tree, '/b'), undefined);
  });

  it('ends with an exact name before anything else', () => {
    const fixed = [locationOf('exact', '/a.gif'), locationOf('prefix', '/a')];
    const tree = new LocationTree(fixed, [regexOf('gif$')]);
    assert.equal(found(tree, '/a.gif'), 'exact /a.gif');
    assert.equal(found(tree, '/b/a.gif'), 'regex gif$');
  });

  it('prefers the first expression to a prefix, unless the prefix says no', () => {
    const fixed = [locationOf('prefix', '/'), locationOf('no-regex', '/static/')];
    const tree = new LocationTree(fixed, [regexOf('\\.txt$'), regexOf('^/.*t$')]);
    assert.equal(found(tree, '/a.txt'), 'regex \\.txt$');
    assert.equal(found(tree, '/at'), 'regex ^/.*t$');
    assert.equal(found(tree, '/static/a.txt'), 'no-regex /static/');
  });

  it('lets nested locations and then the expressions around decide', () => {
    const inner = new LocationTree([locationOf('prefix', '/a/b')], [regexOf('c$')]);
    const tree = new LocationTree([locationOf('prefix', '/a', inner)], [regexOf('t$')]);
    assert.equal(found(tree, '/a/b'), 'prefix /a/b');
    assert.equal(found(tree, '/a/bc'), 'regex c$');
    assert.equal(found(tree, '/a/bt'), 'regex t$');
    assert.equal(found(tree, '/ax'), 'prefix /a');
  });

  it('redirects a proxied prefix that lacks its slash', () => {
    const location = locationOf('prefix', '/app/');
    location.redirectsToSlash = true;
    const tree = new LocationTree([location, locationOf('prefix', '/')], []);
    assert.equal(found(tree, '/app'), 'prefix /app/');
    assert.equal(found(tree, '/ap'), 'prefix /');
  });

  it('keeps the captures of the expression that matched', () => {
    const tree = new LocationTree([], [regexOf('^/x(.)$'), regexOf('^/(y)(z)$')]);
    const r = requestFor('/yz');
    tree.find(r);
    assert.deepEqual([...(r.captures ?? [])], ['/yz', 'y', 'z']);
  });
});
