import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestHead, ResponseHead } from './exchange.ts';
import {
  BY_CHUNKS,
  BY_LENGTH,
  isHopByHop,
  isNamedByConnection,
  mayHaveStrayContent,
  NO_CONTENT,
  requestFraming,
  responseFraming,
  TUNNEL,
  UNTIL_CLOSE,
} from './framing.ts';
import { nginxHeadLimits, readRequestHead, readResponseHead, responseHeadLimits } from './head.ts';

function request(lines: string): RequestHead {
  const text = `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
  return readRequestHead(text, 0, nginxHeadLimits(), 0) as RequestHead;
}

function response(status: number, lines: string): ResponseHead {
  const text = `HTTP/1.1 ${status} X\r\n${lines}\r\n`;
  return readResponseHead(text, 0, responseHeadLimits(), 0) as ResponseHead;
}

const LENGTH = 'Content-Length: 3\r\n';
const CHUNKS = 'Transfer-Encoding: chunked\r\n';

describe('framing', () => {
  it('of a request is by chunks, by length or none', () => {
    assert.equal(requestFraming(request(CHUNKS)), BY_CHUNKS);
    assert.equal(requestFraming(request(LENGTH)), BY_LENGTH);
    assert.equal(requestFraming(request('Content-Length: 0\r\n')), NO_CONTENT);
    assert.equal(requestFraming(request('')), NO_CONTENT);
  });

  for (const [status, method, lines, framing] of [
    [200, 'GET', LENGTH, BY_LENGTH],
    [200, 'GET', CHUNKS, BY_CHUNKS],
    [200, 'GET', '', UNTIL_CLOSE],
    [200, 'GET', 'Content-Length: 0\r\n', NO_CONTENT],
    [200, 'HEAD', LENGTH, NO_CONTENT],
    [200, 'HEAD', CHUNKS, NO_CONTENT],
    [204, 'GET', '', NO_CONTENT],
    [204, 'GET', CHUNKS, NO_CONTENT],
    [304, 'GET', LENGTH, NO_CONTENT],
    [100, 'POST', '', NO_CONTENT],
    [103, 'GET', LENGTH, NO_CONTENT],
    [101, 'GET', LENGTH, TUNNEL],
    [200, 'CONNECT', LENGTH, TUNNEL],
    [404, 'CONNECT', LENGTH, BY_LENGTH],
    [500, 'GET', '', UNTIL_CLOSE],
  ] as const) {
    it(`of ${status} to ${method} with ${JSON.stringify(lines)} is ${framing}`, () => {
      assert.equal(responseFraming(response(status, lines), method), framing);
    });
  }
});

describe('content that must not follow', () => {
  for (const [status, method, lines, mayFollow] of [
    [200, 'HEAD', LENGTH, true],
    [200, 'HEAD', CHUNKS, true],
    [200, 'HEAD', '', true],
    [200, 'HEAD', 'Content-Length: 0\r\n', false],
    [304, 'HEAD', '', true],
    [204, 'GET', '', false],
    [204, 'GET', LENGTH, true],
    [304, 'GET', '', false],
    [304, 'GET', LENGTH, true],
    [304, 'GET', CHUNKS, true],
    [200, 'GET', LENGTH, false],
    [200, 'GET', 'Content-Length: 0\r\n', false],
    [404, 'POST', CHUNKS, false],
  ] as const) {
    const may = mayFollow ? 'may' : 'cannot';
    it(`${may} come after ${status} to ${method} with ${JSON.stringify(lines)}`, () => {
      assert.equal(mayHaveStrayContent(response(status, lines), method), mayFollow);
    });
  }
});

describe('hop-by-hop fields', () => {
  it('are known in any case', () => {
    const names = 'Connection keep-alive PROXY-CONNECTION TE Trailer transfer-encoding Upgrade';
    for (const name of names.split(' ')) assert.ok(isHopByHop(name), name);
    for (const name of ['Host', 'Content-Length', 'Trailers', 'Date', 'X-TE', '']) {
      assert.ok(!isHopByHop(name), name);
    }
  });

  it('are those that Connection names', () => {
    assert.ok(isNamedByConnection('X-Secret', 'close, x-secret'));
    assert.ok(isNamedByConnection('x_y', 'X_Y'));
    assert.ok(!isNamedByConnection('X-Secret', 'x-secrets'));
    assert.ok(!isNamedByConnection('X-Secret', 'keep-alive'));
    assert.ok(!isNamedByConnection('X-Secret', undefined));
  });

  it('Connection takes no field away that frames, routes or authorises', () => {
    for (const name of ['Host', 'Content-Length', 'Authorization', 'X-Forwarded-For']) {
      assert.ok(!isNamedByConnection(name, name));
    }
  });
});
