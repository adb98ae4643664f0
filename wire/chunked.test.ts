import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CHUNK_END, CHUNKED_LIMITS, ChunkedDecoder, chunkHead, LAST_CHUNK } from './chunked.ts';

interface Outcome {
  data: string;
  used: number;
  isDone: boolean;
  problem: string | undefined;
  trailers: readonly string[];
}

/** Decodes pieces of at most `size` bytes. */
function decode(text: string, size = text.length, limits = CHUNKED_LIMITS): Outcome {
  let data = '';
  const keep = (bytes: Uint8Array, from: number, to: number): void => {
    data += Buffer.from(bytes).toString('latin1', from, to);
  };
  const decoder = new ChunkedDecoder({ data: keep }, limits);
  const bytes = Buffer.from(text, 'latin1');
  let used = 0;
  while (used < bytes.length && !decoder.isDone && !decoder.isFailed) {
    used = decoder.decode(bytes, used, Math.min(bytes.length, used + Math.max(1, size)));
  }
  const { isDone, problem, trailers } = decoder;
  return { data, used, isDone, problem, trailers };
}

function assertDecodes(text: string, data: string, trailers: string[] = []): void {
  for (let size = 1; size <= text.length; size++) {
    const outcome = decode(`${text}GET /next`, size);
    const expected = { data, used: text.length, isDone: true, problem: undefined, trailers };
    assert.deepEqual(outcome, expected, `in pieces of ${size}`);
  }
}

describe('the chunked decoder', () => {
  it('stops right behind the message', () => {
    assertDecodes('5\r\nhello\r\n0\r\n\r\n', 'hello');
    assertDecodes('0\r\n\r\n', '');
    assertDecodes('000A\r\n0123456789\r\n1\r\nx\r\n00\r\n\r\n', '0123456789x');
  });

  it('reads extensions over', () => {
    assertDecodes('1;a\r\nx\r\n0;b=c;d="e;\\"\r\n\r\n'.replace('\\"\r\n', '\\""\r\n'), 'x');
    assertDecodes('1 \t; a = b ;c\r\nx\r\n0\r\n\r\n', 'x');
  });

  it('hands out trailers', () => {
    assertDecodes('1\r\nx\r\n0\r\nA: 1\r\nB-C:\t2 \r\n\r\n', 'x', ['A', '1', 'B-C', '2']);
  });

  for (const [text, problem] of [
    ['x', 'invalid chunk size'],
    ['+1\r\n', 'invalid chunk size'],
    ['-1\r\n', 'invalid chunk size'],
    ['1_0\r\n', 'invalid chunk size'],
    ['0x1\r\n', 'invalid chunk size'],
    [' 1\r\n', 'invalid chunk size'],
    ['\r\n', 'invalid chunk size'],
    ['1\n', 'invalid chunk size'],
    ['1 \r\n', 'invalid chunk extension'],
    ['1;\r\n', 'invalid chunk extension'],
    ['1;a=\r\n', 'invalid chunk extension'],
    ['1;a="\r\n', 'invalid chunk extension'],
    ['1;a="b"c\r\n', 'invalid chunk extension'],
    ['1;a\n', 'invalid chunk extension'],
    ['1;a\rb', 'invalid end of chunk size line'],
    ['1\rx', 'invalid end of chunk size line'],
    ['1\r\nab', 'invalid end of chunk data'],
    ['1\r\na\n', 'invalid end of chunk data'],
    ['1\r\na\rb', 'invalid end of chunk data'],
    ['20000000000000000\r\n', 'chunk size is too large'],
    ['20000000000000\r\n', 'chunk size is too large'],
    ['0\r\nA: 1\n\r\n', 'invalid trailer line'],
    ['0\r\nA: 1\r\r\n', 'invalid trailer line'],
    ['0\r\n\n', 'invalid trailer line'],
    ['0\r\nA 1\r\n\r\n', 'invalid trailer section'],
    ['0\r\n A: 1\r\n\r\n', 'invalid trailer section'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} with "${problem}"`, () => {
      for (let size = 1; size <= text.length; size++) {
        const outcome = decode(text, size);
        assert.equal(outcome.problem, problem, `in pieces of ${size}`);
        assert.equal(outcome.isDone, false);
      }
    });
  }

  it('leaves out trailers that must not stand there, and refuses those that frame where told so', () => {
    const text = '0\r\nCookie: a\r\nX: 1\r\nAuthorization: b\r\nTransfer_Encoding: chunked\r\n\r\n';
    for (let size = 1; size <= text.length; size++) {
      const outcome = decode(text, size);
      assert.deepEqual(outcome.trailers, ['X', '1']);
      assert.ok(outcome.isDone);
    }
    const limits = { ...CHUNKED_LIMITS, refusesFramingTrailers: true };
    for (const line of ['content-LENGTH: 1', 'Transfer_Encoding: chunked', 'Host: x']) {
      const refused = decode(`0\r\n${line}\r\n\r\n`, 3, limits);
      assert.equal(refused.problem, 'invalid trailer section', line);
    }
    assert.deepEqual(decode('0\r\nCookie: a\r\n\r\n', 3, limits).trailers, []);
  });

  it('reads a size with zeros before it, but not endless ones', () => {
    const zeros = (count: number) => `${'0'.repeat(count)}1\r\nx\r\n${'0'.repeat(count)}\r\n\r\n`;
    const outcome = decode(zeros(40), 7);
    assert.equal(outcome.data, 'x');
    assert.ok(outcome.isDone);
    assert.equal(decode(zeros(20_000), 999).problem, 'chunk extensions are too long');
  });

  it('bounds the digits of each size, not of all sizes together', () => {
    const outcome = decode(`${'01\r\nx\r\n'.repeat(30)}0\r\n\r\n`, 5);
    assert.equal(outcome.data, 'x'.repeat(30));
    assert.ok(outcome.isDone);
  });

  it('bounds extensions over the whole message', () => {
    const text = `1;${'a'.repeat(20)}\r\nx\r\n`.repeat(10);
    const limits = { ...CHUNKED_LIMITS, extensionBytes: 100 };
    assert.equal(decode(text, 7, limits).problem, 'chunk extensions are too long');
    assert.equal(decode(text).problem, undefined);
  });

  it('bounds the trailer section in bytes and fields', () => {
    const text = `0\r\n${'A: b\r\n'.repeat(10)}\r\n`;
    const bytes = { ...CHUNKED_LIMITS, trailerBytes: 50 };
    const count = { ...CHUNKED_LIMITS, trailerCount: 9 };
    assert.equal(decode(text, 7, bytes).problem, 'trailer section is too long');
    assert.equal(decode(text, 7, count).problem, 'invalid trailer section');
    assert.equal(decode(text, 7, { ...CHUNKED_LIMITS, trailerCount: 10 }).isDone, true);
  });

  it('hands out nothing after it was abandoned by its sink', () => {
    let calls = 0;
    const decoder: ChunkedDecoder = new ChunkedDecoder(
      {
        data() {
          calls++;
          decoder.abandon();
        },
      },
      CHUNKED_LIMITS,
    );
    const bytes = Buffer.from('1\r\na\r\n1\r\nb\r\n0\r\n\r\n');
    decoder.decode(bytes, 0, bytes.length);
    assert.equal(calls, 1);
    assert.ok(decoder.isFailed);
  });

  it('reads another message after a reset, even after a failure', () => {
    let data = '';
    const keep = (bytes: Uint8Array, from: number, to: number): void => {
      data += Buffer.from(bytes).toString('latin1', from, to);
    };
    const decoder = new ChunkedDecoder({ data: keep }, CHUNKED_LIMITS);
    for (const text of ['1\r\na\r\n0\r\nA: b\r\n\r\n', '12;x', '2;x=y\r\nbc\r\n0\r\n\r\n']) {
      decoder.reset();
      decoder.decode(Buffer.from(text), 0, text.length);
    }
    assert.equal(data, 'abc');
    assert.deepEqual([decoder.isDone, decoder.problem, decoder.trailers], [true, undefined, []]);
  });

  it('reads back whatever was encoded, in any pieces', () => {
    const chunks = fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 60 }), (parts, size) => {
        const pieces = parts.map((part) => Buffer.from(part, 'utf8').toString('latin1'));
        const text = pieces.map((piece) => chunkHead(piece.length) + piece + CHUNK_END).join('');
        const outcome = decode(text + LAST_CHUNK, size);
        assert.equal(outcome.data, pieces.join(''));
        assert.ok(outcome.isDone);
      }),
    );
  });

  it('ends the same for any bytes in any pieces', () => {
    const noise = fc.array(
      fc.constantFrom('1', '0', 'a', ';', '=', '"', '\\', ' ', '\r\n', '\n', '\r', ':', 'X: y\r\n'),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(noise, fc.integer({ min: 1, max: 10 }), (pieces, size) => {
        const text = pieces.join('');
        assert.deepEqual(decode(text, size), decode(text));
      }),
      { numRuns: 1000 },
    );
  });
});
