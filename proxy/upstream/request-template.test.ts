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
  const template = new RequestTemplate(set, host, true);
  assert.equal(
    template.lines(requestWith('Accept', '*/*', 'host', 'x', 'x-a', '9', 'TE', 'y'), -1, false),
    'X-A: 1\r\nX-B: 2\r\nHost: app\r\nAccept: */*\r\n',
  );
});

test('the framing fields say how the content is sent', () => {
  const template = new RequestTemplate([], host, true);
  const r = requestWith('Content-Length', '99', 'Transfer-Encoding', 'chunked');
  assert.equal(template.lines(r, 5, false), 'Host: app\r\nContent-Length: 5\r\n');
  assert.equal(template.lines(r, -1, true), 'Host: app\r\nTransfer-Encoding: chunked\r\n');
});

test('a value without text leaves its field out, line ends become spaces', () => {
  const set = [
    ['X-Empty', changing('')] as const,
    ['X-Split', changing('a\r\nEvil: 1\0')] as const,
    ['Host', constantValue('')] as const,
  ];
  const template = new RequestTemplate(set, host, false);
  assert.equal(template.lines(requestWith('Accept', 'x'), -1, false), 'X-Split: a  Evil: 1 \r\n');
});
