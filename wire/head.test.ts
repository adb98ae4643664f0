import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RequestHead, ResponseHead } from './exchange.ts';
import {
  gunicornHeadLimits,
  HeadProblem,
  nginxHeadLimits,
  readRequestHead,
  readResponseHead,
  responseHeadLimits,
} from './head.ts';

const NGINX = nginxHeadLimits();

function read(text: string, limits = NGINX): RequestHead {
  const head = readRequestHead(text, 0, limits, 0);
  assert.ok(head !== undefined && !(head instanceof HeadProblem), JSON.stringify(head));
  return head;
}

function refuse(text: string, limits = NGINX): HeadProblem {
  const problem = readRequestHead(text, 0, limits, 0);
  assert.ok(problem instanceof HeadProblem);
  return problem;
}

function readResponse(text: string): ResponseHead | HeadProblem<ResponseHead> | undefined {
  return readResponseHead(text, 0, responseHeadLimits(), 0);
}

describe('readRequestHead', () => {
  it('notices the known fields in any case', () => {
    const fields = {
      HOST: 'a.example',
      'content-length': '12',
      CONNECTION: 'Keep-Alive, x',
      upgrade: 'websocket',
      eXpect: '100-Continue',
      'Accept-Encoding': 'gzip',
      'If-Modified-Since': '1',
      'if-unmodified-since': '2',
      'If-Match': '3',
      'IF-NONE-MATCH': '4',
      'If-Range': '5',
      Range: '6',
      'User-Agent': '7',
      Referer: '8',
      Via: '9',
      'X-Forwarded-For': '10',
      Cookie: '11',
      Authorization: '12',
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = read(`POST / HTTP/1.1\r\n${lines.join('')}\r\n`);
    assert.deepEqual(head.fields, Object.entries(fields).flat());
    assert.equal(head.host, 'a.example');
    assert.equal(head.contentLength, 12);
    assert.equal(head.connection, 'Keep-Alive, x');
    assert.equal(head.upgrade, 'websocket');
    assert.equal(head.expectContinue, true);
    assert.equal(head.acceptEncoding, 'gzip');
    assert.equal(head.ifModifiedSince, '1');
    assert.equal(head.ifUnmodifiedSince, '2');
    assert.equal(head.ifMatch, '3');
    assert.equal(head.ifNoneMatch, '4');
    assert.equal(head.ifRange, '5');
    assert.equal(head.range, '6');
    assert.equal(head.userAgent, '7');
    assert.equal(head.referer, '8');
    assert.equal(head.via, '9');
    assert.equal(head.xForwardedFor, '10');
    assert.equal(head.cookie, '11');
    assert.equal(head.authorization, '12');
  });

  it('joins repeated list fields, cookies with a semicolon', () => {
    const head = read(
      'GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nVia: x\r\ncookie: b=2\r\nvia: y\r\n\r\n',
    );
    assert.equal(head.cookie, 'a=1; b=2');
    assert.equal(head.via, 'x, y');
  });

  it('does not take a field of the same length for a known one', () => {
    const head = read(
      'GET / HTTP/1.1\r\nHost: a\r\nHose: b\r\nX-ookie: c\r\nContent-Lengtx: 5\r\n\r\n',
    );
    assert.equal(head.host, 'a');
    assert.equal(head.contentLength, -1);
  });

  for (const [version, connection, expected] of [
    ['1.1', '', true],
    ['1.1', 'Connection: close\r\n', false],
    ['1.1', 'Connection: x, CLOSE\r\n', false],
    ['1.1', 'Connection: closed\r\n', true],
    ['1.0', '', false],
    ['1.0', 'Connection: Keep-Alive\r\n', true],
    ['1.0', 'Connection: keep-alive, close\r\n', false],
  ] as const) {
    it(`HTTP/${version} with ${JSON.stringify(connection)} keeps the connection: ${expected}`, () => {
      const head = read(`GET / HTTP/${version}\r\nHost: a\r\n${connection}\r\n`);
      assert.equal(head.keepAlive, expected);
    });
  }

  it('ignores Expect in HTTP/1.0', () => {
    const head = read('POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n');
    assert.equal(head.expectContinue, false);
  });

  it('reads from the middle of a text and says how long the head is', () => {
    const text = 'xxxGET / HTTP/1.1\r\nHost: a\r\n\r\nGET';
    for (const bytes of [Buffer.from(text), undefined]) {
      const head = readRequestHead(text, 3, NGINX, 3, bytes);
      assert.ok(head !== undefined && !(head instanceof HeadProblem));
      assert.equal(head.length, 27);
    }
  });

  it('hands out what it read of a refused head, worded as nginx words it', () => {
    const problem = refuse('GET /x HTTP/1.1\r\nHost: a\r\nX: a\x07b\r\n\r\n');
    assert.equal(problem.status, 400);
    assert.equal(problem.message, 'client sent invalid header line: "X: a\\x07..."');
    assert.equal(problem.head.method, 'GET');
    assert.equal(problem.head.target, '/x');
    assert.deepEqual(problem.head.fields, ['Host', 'a']);
  });

  it('a message never holds more of a line than its bound nor a control character', () => {
    const long = 'a'.repeat(8000);
    for (const lines of [
      `X: ${long}${long}\r\n`,
      `X: ${long}\x01\r\n`,
      `Host: ${long}\r\nHost: ${long}\r\n`,
      `If-Match: ${long}\r\nIf-Match: ${long}\r\n`,
      `Host: a\r\nTransfer-Encoding: ${long}\r\n`,
    ]) {
      const problem = refuse(`GET / HTTP/1.1\r\n${lines}\r\n`);
      assert.ok(problem.message.length < 600);
      assert.doesNotMatch(problem.message, /[\x00-\x1f]/);
    }
  });

  it('a request line as long as one buffer is read, one byte more is answered 414', () => {
    const limits = nginxHeadLimits(4, 64);
    const line = (length: number) => `GET /${'a'.repeat(length - 16)} HTTP/1.1\r\n`;
    read(`${line(64)}Host: a\r\n\r\n`, limits);
    assert.equal(refuse(`${line(65)}Host: a\r\n\r\n`, limits).status, 414);
  });

  it('a field line as long as one buffer is read, one byte more is answered 494', () => {
    const limits = nginxHeadLimits(4, 64);
    const text = (length: number) =>
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(length - 5)}\r\n\r\n`;
    read(text(64), limits);
    assert.equal(refuse(text(65), limits).kind, 'field-too-long');
    assert.equal(refuse(text(65), limits).status, 494);
  });

  it('an endless head is refused without its end', () => {
    const text = `GET / HTTP/1.1\r\n${'X: yyyyyyyyyyyyyyyy\r\n'.repeat(5000)}`;
    assert.equal(refuse(text, nginxHeadLimits(4, 8192, 5000)).kind, 'head-too-large');
    // nginx: max_headers.
    assert.equal(refuse(text).kind, 'too-many-fields');
    assert.equal(refuse(text).status, 494);
    assert.equal(refuse(text, gunicornHeadLimits()).kind, 'too-many-fields');
  });

  it('endless empty lines are refused', () => {
    assert.notEqual(refuse('\r\n'.repeat(40000)), undefined);
  });

  it('counts no limit as a limit where Gunicorn is told 0', () => {
    const limits = gunicornHeadLimits(0, 0, 0);
    read(
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(200)}\r\n`,
      limits,
    );
  });
});

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,40}[!-~\x80-\xff])?)?$/);
const known =
  /^(?:host|expect|content-(?:length|type|range)|transfer-encoding|if-.*|authorization)$/i;
const fields = fc.array(
  fc.tuple(
    token.filter((name) => !known.test(name)),
    value,
  ),
  { maxLength: 20 },
);

describe('properties', () => {
  it('what was written is read, whatever the line ends and the space around values', () => {
    const ending = fc.constantFrom('\r\n', '\n');
    const space = fc.constantFrom('', ' ', '\t', ' \t ');
    fc.assert(
      fc.property(fields, ending, space, fc.boolean(), (pairs, end, blank, hasBytes) => {
        const lines = pairs.map(([name, text]) => `${name}:${blank}${text}${blank}${end}`);
        const text = `GET /p HTTP/1.1${end}Host: a${end}${lines.join('')}${end}`;
        const bytes = hasBytes ? Buffer.from(text, 'latin1') : undefined;
        const head = readRequestHead(text, 0, NGINX, 0, bytes) as RequestHead;
        assert.deepEqual(head.fields, ['Host', 'a', ...pairs.flat()]);
        assert.equal(head.length, text.length);
      }),
    );
  });

  it('any bytes give a head, a problem or nothing, and end the same in two pieces', () => {
    const piece = fc.constantFrom(
      ...['GET ', '/', ' HTTP/1.1', '\r\n', '\n', '\r', ':', ' ', 'Host: a\r\n', 'X', '\0', '\xff'],
      'Content-Length: 1\r\n',
      'Transfer-Encoding: chunked\r\n',
    );
    const noise = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(noise, fc.nat(), (start, at) => {
        const text = `${start}\r\n\r\n`;
        const whole = readRequestHead(text, 0, NGINX, 0);
        const split = at % text.length;
        const early = readRequestHead(text.substring(0, split), 0, NGINX, 0);
        const late = early ?? readRequestHead(text, 0, NGINX, split);
        if (whole instanceof HeadProblem) {
          assert.ok(late instanceof HeadProblem);
          assert.equal(late.kind, whole.kind);
        } else assert.deepEqual(late, whole);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readResponseHead', () => {
  it('reads status, reason and framing', () => {
    const text = 'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nX_y: z\r\n\r\nabc';
    const head = readResponse(text) as ResponseHead;
    assert.equal(head.status, 404);
    assert.equal(head.reason, 'Not Found');
    assert.equal(head.contentLength, 3);
    assert.equal(head.keepAlive, true);
    assert.deepEqual(head.fields, ['Content-Length', '3', 'X_y', 'z']);
    assert.equal(head.length, text.length - 3);
  });

  it('reads a status line without a reason', () => {
    assert.equal((readResponse('HTTP/1.0 200\r\n\r\n') as ResponseHead).reason, '');
    assert.equal((readResponse('HTTP/1.0 200 \n\n') as ResponseHead).reason, '');
  });

  it('is the same split at every byte', () => {
    const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    const whole = readResponse(text);
    const limits = responseHeadLimits();
    for (let split = 1; split < text.length; split++) {
      assert.equal(readResponseHead(text.substring(0, split), 0, limits, 0), undefined);
      assert.deepEqual(readResponseHead(text, 0, limits, split), whole);
    }
  });

  for (const [text, kind] of [
    ['hello', 'start-line'],
    ['HTTP/2.0 200 OK\r\n\r\n', 'start-line'],
    ['HTTP/1.1 20 OK\r\n\r\n', 'start-line'],
    ['HTTP/1.1 2000 OK\r\n\r\n', 'start-line'],
    ['HTTP/1.1 200 O\rK\r\n\r\n', 'start-line'],
    ['HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n', 'field-line'],
    ['HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n', 'field-line'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n', 'duplicate'],
    ['HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'content-length'],
    [
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'transfer-encoding',
    ],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 'unknown-coding'],
    [`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(9000)}`, 'head-too-large'],
  ] as const) {
    it(`refuses ${JSON.stringify(text.substring(0, 60))}`, () => {
      const problem = readResponse(text);
      assert.ok(problem instanceof HeadProblem);
      assert.equal(problem.status, 502);
      assert.equal(problem.kind, kind);
    });
  }
});
