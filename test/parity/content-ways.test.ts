/**
 * Every kind of location, every kind of content, every way on: what the client is told and what
 * reaches the upstreams, under Debian's nginx and ours.
 *
 * Where the content of an unbuffered request did not come whole with its head, nginx sends another
 * upstream a Content-Length without content, which ends in 504. There ours is held to what nginx does
 * for a buffered request as long as nothing was passed on, and to 502 afterwards.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { type Pair, startPair } from '../harness/parity.ts';
import { RawClient } from '../harness/raw-client.ts';
import { type ContentPeers, startContentPeers } from './content-peers.ts';

/** One kind of content: field lines, what is sent with the head, and after 100 Continue. */
interface Content {
  readonly lines: readonly string[];
  readonly early?: string;
  readonly late?: string;
  /** Not whole with the head, as a buffer of 1 KB sees it. */
  readonly isPartial?: boolean;
  /** The kind whose outcome it has where an error page reads what was refused. */
  readonly refusedAs?: string;
}

const LARGE = 'x'.repeat(5000);
const HUGE = 'y'.repeat(12_000);
const CHUNKED = ['Transfer-Encoding: chunked'];
const EXPECT = 'Expect: 100-continue';
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const chunks = (...texts: readonly string[]): string => `${texts.map(chunk).join('')}0\r\n\r\n`;

const CONTENTS: Readonly<Record<string, Content>> = {
  none: { lines: [] },
  'length 0': { lines: ['Content-Length: 0'] },
  small: { lines: ['Content-Length: 3'], early: 'abc' },
  large: { lines: ['Content-Length: 5000'], early: LARGE, isPartial: true },
  chunks: { lines: CHUNKED, early: chunks('a', 'bc') },
  'no chunk': { lines: CHUNKED, early: chunks() },
  'large chunks': { lines: CHUNKED, early: chunks('abc', LARGE), isPartial: true },
  malformed: { lines: CHUNKED, early: 'zz\r\n' },
  'malformed later': { lines: CHUNKED, early: `${chunk('abc')}zz\r\n`, refusedAs: 'malformed' },
  'too large': { lines: ['Content-Length: 12000'], early: HUGE },
  'too large a chunk': { lines: CHUNKED, early: chunks(HUGE) },
  'too large later': {
    lines: CHUNKED,
    early: chunks('abc', HUGE),
    refusedAs: 'too large a chunk',
  },
  'awaited length': { lines: ['Content-Length: 3', EXPECT], late: 'abc', isPartial: true },
  'awaited chunks': { lines: [...CHUNKED, EXPECT], late: chunks('abc'), isPartial: true },
  'not awaited': { lines: ['Content-Length: 3', EXPECT], early: 'abc' },
  'awaited and malformed': {
    lines: [...CHUNKED, EXPECT],
    late: 'zz\r\n',
    isPartial: true,
    refusedAs: 'awaited and malformed, buffered',
  },
};

/** How a request is passed on: directives of a location. `reads` says whether content is asked for again. */
interface Way {
  readonly method: string;
  readonly text: (peers: ContentPeers) => string;
  /** Asked for again: with nothing passed on before, or after it was. */
  readonly again?: 'untouched' | 'passed' | 'refused';
  readonly query?: string;
}

const WAYS: Readonly<Record<string, Way>> = {
  'one server': { method: 'POST', text: () => 'proxy_pass http://up;' },
  'the next server, no connection': { method: 'POST', text: () => 'proxy_pass http://dead_up;' },
  'the next server, closed at the head': {
    method: 'PUT',
    text: () => 'proxy_pass http://closing_up;',
  },
  'no next server for a POST': { method: 'POST', text: () => 'proxy_pass http://closing_up;' },
  'the next server, after 503': {
    method: 'PUT',
    text: () => 'proxy_next_upstream error http_503; proxy_pass http://busy_up;',
  },
  'a page for 502': {
    method: 'POST',
    text: () => 'error_page 502 =200 /page; proxy_pass http://127.0.0.1:1;',
    again: 'untouched',
  },
  'a named location for 502': {
    method: 'POST',
    text: () => 'error_page 502 = @buffered; proxy_pass http://127.0.0.1:1;',
    again: 'untouched',
  },
  'an unbuffered named location for 502': {
    method: 'POST',
    text: () => 'error_page 502 = @unbuffered; proxy_pass http://127.0.0.1:1;',
    again: 'untouched',
  },
  'a named location after part was passed on': {
    method: 'POST',
    text: ({ greedy }) => `error_page 502 = @buffered; proxy_pass http://127.0.0.1:${greedy};`,
    again: 'passed',
  },
  'a named location for an intercepted 503': {
    method: 'POST',
    text: ({ busy }) =>
      `proxy_intercept_errors on; error_page 503 = @buffered; proxy_pass http://127.0.0.1:${busy};`,
    again: 'passed',
  },
  'X-Accel-Redirect to an upstream': {
    method: 'POST',
    text: ({ accel }) => `proxy_pass http://127.0.0.1:${accel};`,
    query: 'to=/page',
    again: 'passed',
  },
  'X-Accel-Redirect to a file': {
    method: 'POST',
    text: ({ accel }) => `proxy_pass http://127.0.0.1:${accel};`,
    query: 'to=/file.txt',
  },
  'a page for refused content': {
    method: 'POST',
    text: () => 'error_page 400 413 /page; proxy_pass http://up;',
    again: 'refused',
  },
  'a named location for refused content': {
    method: 'POST',
    text: () => 'error_page 400 413 @buffered; proxy_pass http://up;',
    again: 'refused',
  },
  'a file for refused content': {
    method: 'POST',
    text: () => 'error_page 400 413 /file.txt; proxy_pass http://up;',
  },
  'a replaced content': {
    method: 'POST',
    text: () => 'proxy_set_body "[$request_body]"; proxy_pass http://up;',
  },
};

/** Kinds of locations that pass on: a block around the directives of a way. */
const KINDS: Readonly<Record<string, (name: string, directives: string) => string>> = {
  buffered: (name, text) => `location /${name}/ { ${text} }`,
  unbuffered: (name, text) => `location /${name}/ { proxy_request_buffering off; ${text} }`,
  'named, unbuffered': (name, text) =>
    `location /${name}/ { try_files /none @${name}; }
    location @${name} { proxy_request_buffering off; ${text} }`,
  'in an if': (name, text) =>
    `location /${name}/ { ${text.replace(/proxy_pass [^;]*;/, 'if ($http_host) { $& }')} }`,
};

/** Locations with an answer of their own. */
const ANSWERS: Readonly<Record<string, string>> = {
  'return with a text': 'return 200 text;',
  'return of an error': 'return 404;',
  'return of a redirect': 'return 302 /x;',
  'return, an error and its page': 'error_page 403 /file.txt; return 403;',
  'return, an error and an upstream': 'error_page 503 = @unbuffered; return 503;',
  'a page of malformed content': 'error_page 400 /file.txt; return 200 text;',
  'access denied': 'deny all; proxy_pass http://up;',
  'access denied and an upstream': 'error_page 403 = @buffered; deny all; root files;',
  'rewrite to an upstream': 'rewrite ^ /page last;',
  'try_files with a file': 'try_files /file.txt =404;',
  'try_files to an upstream': 'try_files /none /page;',
  'a larger limit after an internal redirect': 'client_max_body_size 20k; try_files /none /page;',
  'a method that files refuse': 'root files;',
};

const names = <T>(table: Readonly<Record<string, T>>): string[] => Object.keys(table);

function configuration(peers: ContentPeers): string {
  const blocks = names(KINDS).flatMap((kind, k) =>
    names(WAYS).map((way, w) => KINDS[kind]!(`k${k}w${w}`, WAYS[way]!.text(peers))),
  );
  const answers = names(ANSWERS).map((name, a) => `location /a${a}/ { ${ANSWERS[name]} }`);
  const group = (name: string, port: number): string =>
    `upstream ${name}_up { server 127.0.0.1:${port} max_fails=0; server 127.0.0.1:${peers.up} backup; }`;
  return `lingering_timeout 100ms; client_body_buffer_size 1k; client_max_body_size 10k;
    proxy_http_version 1.1; proxy_set_header Connection "";
    upstream up { server 127.0.0.1:${peers.up}; }
    ${group('dead', 1)} ${group('closing', peers.closing)} ${group('busy', peers.busy)}
    server { listen 127.0.0.1:8080; root files;
      location = /page { proxy_pass http://up/page?$args; }
      location = /file.txt { }
      location @buffered { proxy_pass http://up; }
      location @unbuffered { proxy_request_buffering off; proxy_pass http://up; }
      ${[...blocks, ...answers].join('\n')}
    }`;
}

let serial = 0;

/** What a client is told, and what the upstreams saw. */
async function outcome(
  front: Front,
  peers: ContentPeers,
  request: { method: string; path: string; query?: string | undefined },
  { lines, early = '', late = '' }: Content,
): Promise<readonly string[]> {
  serial++;
  const tag = `tag${serial}.`;
  const target = `${request.path}?${request.query ?? ''}&${tag}`;
  const head = [`${request.method} ${target} HTTP/1.1`, 'Host: a', ...lines].join('\r\n');
  const client = await RawClient.connect(front.port());
  const told: string[] = [];
  try {
    client.send(`${head}\r\n\r\n${early}`);
    let answer = await client.response();
    if (answer.status === 100) {
      told.push('100');
      if (late !== '') client.send(late);
      answer = await client.response();
    }
    const content = answer.content.includes('<html>') ? 'built-in page' : answer.content;
    const connection = answer.fields.find(([name]) => name === 'Connection')?.[1];
    told.push(`${answer.status} ${connection} ${content}`);
  } finally {
    client.destroy();
  }
  return [...told, ...peers.seen(tag)].map((line) => line.replaceAll(tag, 'tag'));
}

suite('the content of a request', { skip: lacksNginx() }, () => {
  let pair: Pair;
  let peers: ContentPeers;
  const hooks: (() => unknown)[] = [];
  before(async () => {
    peers = await startContentPeers({ after: (hook) => hooks.push(hook) });
    pair = await startPair(configuration(peers), { files: { 'files/file.txt': 'a file' } });
  });
  after(async () => {
    await pair?.stop();
    for (const hook of hooks) await hook();
  });

  for (const [k, kind] of names(KINDS).entries()) {
    for (const [w, way] of names(WAYS).entries()) {
      test(`${kind}: ${way}`, async () => {
        const { method, query, again } = WAYS[way]!;
        const isUnbuffered = kind.includes('unbuffered');
        const path = `/k${k}w${w}/`;
        for (const [name, content] of Object.entries(CONTENTS)) {
          // Which comes first, the upstream's close or the client's content, is nobody's to say.
          if (isUnbuffered && way.includes('POST') && content.late === 'zz\r\n') continue;
          if (isUnbuffered && way.includes('closed') && content.late === 'zz\r\n') continue;
          const ours = await outcome(pair.tandem, peers, { method, path, query }, content);
          const where = `${kind}: ${way}: ${name}`;
          if (isUnbuffered && content.isPartial === true && again === 'passed') {
            assertRefusedOrGone(ours, where);
            continue;
          }
          // nginx's answer to the buffered request, or to content that it refuses at once.
          const stalls = isUnbuffered && content.isPartial === true && again !== undefined;
          const asked = stalls ? `/k0w${w}/` : path;
          const known = again === 'refused' ? content.refusedAs : undefined;
          const same = CONTENTS[known ?? name] ?? content;
          const theirs = await outcome(pair.nginx, peers, { method, path: asked, query }, same);
          assert.deepEqual(
            ours.map((line) => coded(line, stalls)),
            theirs.map((line) => coded(line, stalls).replaceAll(asked, path)),
            where,
          );
        }
      });
    }
  }

  for (const [a, answer] of names(ANSWERS).entries()) {
    test(`an answer of its own: ${answer}`, async () => {
      for (const method of ['POST', 'GET']) {
        const path = answer === 'a method that files refuse' ? '/file.txt' : `/a${a}/`;
        for (const [name, content] of Object.entries(CONTENTS)) {
          const [ours, theirs] = await Promise.all(
            [pair.tandem, pair.nginx].map((front) =>
              outcome(front, peers, { method, path }, content),
            ),
          );
          assert.deepEqual(
            ours!.map((line) => (isLeftWaiting(theirs!, content) ? closed(line) : line)),
            theirs!.map((line) => (isLeftWaiting(theirs!, content) ? closed(line) : line)),
            `${method} ${answer}: ${name}`,
          );
        }
      }
    });
  }
});

/** What was passed on is not there any more: 502, and no other upstream is asked. */
function assertRefusedOrGone(ours: readonly string[], where: string): void {
  const told = ours.find((line) => line !== '100') ?? '';
  assert.match(told, /^(502|400|413) \S+ built-in page$/, where);
  assert.ok(!ours.some((line) => line.startsWith('up: ')), `${where}: ${ours.join(', ')}`);
}

/** A request that is passed on unbuffered has its content in chunks where nginx's has a length. */
function coded(line: string, stalls: boolean): string {
  return stalls ? line.replace(/(chunked|length \d+) content/, 'content') : line;
}

/**
 * A client that awaits 100 Continue and is told an error instead may or may not send its content
 * (RFC 9110 10.1.1). nginx reads on and takes the next request for it; ours closes.
 */
function isLeftWaiting(theirs: readonly string[], content: Content): boolean {
  return content.late !== undefined && !theirs.includes('100');
}

function closed(line: string): string {
  return line.replace(/^(\d{3}) (close|keep-alive) /, '$1 close ');
}
