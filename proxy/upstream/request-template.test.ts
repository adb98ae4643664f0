import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../http/request.ts';
import { constantValue, type Value } from '../http/script.ts';
import { RequestTemplate } from './request-template.ts';

/** As much of a request as a template reads. */
function requestWith(...fields: readonly string[]): HttpRequest {
  return { head: { fields } } as unknown as HttpRequest; // a template reads nothing else
}

const host = constantValue('app');

function changing(text: string): Value {
  return { constant: undefined, evaluate: () => text };
}

test('constant fields are joined, the client fields follow', () => {
  const set = [['X-A', constantValue('1')] as const, ['X-B', changing('2')] as const];
  const template = new RequestTemplate(set, host, 11, true);
  assert.equal(
    template.lines(requestWith('Accept', '*/*', 'host', 'x', 'x-a', '9', 'TE', 'y'), -1, false),
    'Host: app\r\nX-A: 1\r\nX-B: 2\r\nAccept: */*\r\n',
  );
});

test('the framing fields say how the content is sent', () => {
  const template = new RequestTemplate([], host, 11, true);
  const r = requestWith('Content-Length', '99', 'Transfer-Encoding', 'chunked');
  assert.equal(template.lines(r, 5, false), 'Host: app\r\nContent-Length: 5\r\n');
  assert.equal(template.lines(r, -1, true), 'Host: app\r\nTransfer-Encoding: chunked\r\n');
});

test('a value without text leaves its field out, line ends become spaces', () => {
  const set = [
    ['X-Empty', changing('')] as const,
    ['X-Split', changing('a\r\nEvil: 1\0')] as const,
  ];
  const template = new RequestTemplate(set, host, 11, false);
  const expected = 'Host: app\r\nX-Split: a  Evil: 1 \r\n';
  assert.equal(template.lines(requestWith('Accept', 'x'), -1, false), expected);
});

test('Host comes first, the last one set counts, and HTTP/1.1 has one always', () => {
  const lines = (version: number, ...hosts: readonly Value[]): string => {
    const own = hosts.map((value) => ['host', value] as const);
    const set = [['X-A', constantValue('1')] as const, ...own];
    return new RequestTemplate(set, host, version, false).lines(requestWith(), -1, false);
  };
  assert.equal(lines(11, constantValue('a'), constantValue('b')), 'Host: b\r\nX-A: 1\r\n');
  assert.equal(lines(11, constantValue('')), 'Host: app\r\nX-A: 1\r\n');
  assert.equal(lines(11, changing('')), 'Host: app\r\nX-A: 1\r\n');
  assert.equal(lines(11, changing('c')), 'Host: c\r\nX-A: 1\r\n');
  assert.equal(lines(11, constantValue(' ')), 'Host:  \r\nX-A: 1\r\n');
  assert.equal(lines(10, constantValue('')), 'X-A: 1\r\n');
  assert.equal(lines(10, changing('')), 'X-A: 1\r\n');
});
