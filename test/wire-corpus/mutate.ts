/** Mutated requests: seeds of valid and odd requests, changed at random, the same for the same seed. */

/** Small pseudo-random generator (mulberry32): enough for tests, repeatable by its seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const SEEDS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a/b?c=d HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: x/1.0\r\nAccept: */*\r\n\r\n',
  'HEAD /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n',
  'PUT /f HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://b/c HTTP/1.1\r\nHost: b\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nCookie: c=d\r\nAccept-Encoding: gzip\r\n\r\n',
];

const BYTES = '\r\n\t\0 :;,."/\\?#%@[]()_-+*0159afAZ\x01\x0b\x7f\x80\xc3\xff=x';

const PIECES: readonly string[] = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  ' ',
  '\t',
  'Host: b\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 05\r\n',
  'Content-Length: 5, 5\r\n',
  'Content-Length: +5\r\n',
  'Content-Length : 5\r\n',
  'Content_Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding: chunked, chunked\r\n',
  'Transfer-Encoding:\tchunked \r\n',
  'Transfer_Encoding: chunked\r\n',
  'X: a\r\n b\r\n',
  'X: \x01\r\n',
  'X-Long: ok\r\n',
  'If-None-Match: "a"\r\n',
  'Content-Type: a/b\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/1.12',
  '0\r\n\r\n',
  ';a="b"',
];

/** One request, changed in one to three places. */
export function mutatedRequest(random: Random): Buffer {
  let text = random.pick(SEEDS);
  for (let change = 1 + random.below(3); change > 0; change--) text = changeOnce(text, random);
  return Buffer.from(text, 'latin1');
}

function changeOnce(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const other = random.below(text.length + 1);
  switch (random.below(7)) {
    case 0:
      return text.slice(0, at) + BYTES[random.below(BYTES.length)] + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + BYTES[random.below(BYTES.length)] + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + random.below(3));
    case 3:
      return insertLine(text, random);
    case 4:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
    case 5:
      return (
        text.slice(0, at) + text.slice(Math.min(at, other), Math.max(at, other)) + text.slice(at)
      );
    default:
      return swapCase(text, at);
  }
}

/** A piece where a line begins. */
function insertLine(text: string, random: Random): string {
  const lines = text.split('\r\n');
  const index = 1 + random.below(Math.max(1, lines.length - 1));
  const at = lines.slice(0, index).join('\r\n').length + 2;
  return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
}

function swapCase(text: string, at: number): string {
  const letter = text.charAt(at);
  const upper = letter.toUpperCase();
  return text.slice(0, at) + (letter === upper ? letter.toLowerCase() : upper) + text.slice(at + 1);
}
