/** Requests to the project's site, as bytes, and the status that both fronts answer with. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../harness/site-folder.ts';

const STYLE = join(PROJECT, 'app', 'static', 'site.css');
const { mtime, size } = statSync(STYLE);
const CHANGED = mtime.toUTCString();
const ETAG = `"${Math.floor(mtime.getTime() / 1000).toString(16)}-${size.toString(16)}"`;
const LATER = new Date(mtime.getTime() + 86_400_000).toUTCString();
const EARLIER = new Date(mtime.getTime() - 86_400_000).toUTCString();

/** A request as bytes; `User-Agent` says what of its log line may differ. */
export function request(
  first: string,
  lines: readonly string[] = [],
  content = '',
  kind = 'same',
): string {
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : ['Host: localhost:PORT'];
  const all = [...host, `User-Agent: ${kind}`, ...lines];
  return `${first} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${content}`;
}

/** The CSRF secret of a browser that was shown a form; its own text is a token too. */
const CSRF = [`Cookie: csrftoken=${'A'.repeat(43)}`, `X-CSRFToken: ${'A'.repeat(43)}`];

/** What a browser sends with a vote. */
export function vote(path: string, form: string, lines: readonly string[] = []): string {
  const fields = [
    'Origin: http://localhost:PORT',
    ...CSRF,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${form.length}`,
    ...lines,
  ];
  return request(`POST ${path}`, fields, form);
}

export interface Case {
  readonly name: string;
  readonly request: string;
  readonly status: number;
  readonly port?: number;
}

const PAGES: readonly Case[] = [
  { name: 'the way to the polls', request: request('GET /'), status: 302 },
  { name: 'the index', request: request('GET /polls/'), status: 200 },
  { name: 'the index without its slash', request: request('GET /polls?a=b'), status: 301 },
  { name: 'a poll', request: request('GET /polls/4/'), status: 200 },
  { name: 'results', request: request('GET /polls/4/results/?from=here'), status: 200 },
  { name: 'a page that is not there', request: request('GET /polls/99/'), status: 404 },
  { name: 'a path without a route', request: request('GET /nothing'), status: 404 },
  { name: 'HEAD of a page', request: request('HEAD /polls/'), status: 200 },
  { name: 'HEAD of a page not there', request: request('HEAD /nothing'), status: 404 },
  { name: 'OPTIONS of a page', request: request('OPTIONS /polls/'), status: 200 },
  { name: 'a method the page has not', request: request('DELETE /polls/4/'), status: 405 },
  { name: 'GET of the way to vote', request: request('GET /polls/4/vote/'), status: 405 },
  { name: 'a vote', request: vote('/polls/4/vote/', 'choice=11'), status: 303 },
  { name: 'a vote without a choice', request: vote('/polls/4/vote/', ''), status: 400 },
  {
    name: 'a vote from another site',
    request: vote('/polls/4/vote/', 'choice=11', ['Sec-Fetch-Site: cross-site']).replace(
      'http://localhost',
      'http://other.example',
    ),
    status: 403,
  },
  {
    name: 'a vote in chunks',
    request: request(
      'POST /polls/4/vote/',
      [...CSRF, 'Content-Type: application/x-www-form-urlencoded', 'Transfer-Encoding: chunked'],
      '9\r\nchoice=11\r\n0\r\n\r\n',
    ),
    status: 303,
  },
  { name: 'the results after votes', request: request('GET /polls/4/results/'), status: 200 },
  {
    name: 'a page for a client that takes gzip',
    request: request('GET /polls/', ['Accept-Encoding: gzip, br'], '', 'gzip'),
    status: 200,
  },
  {
    name: 'HEAD of a page for a client that takes gzip',
    request: request('HEAD /polls/', ['Accept-Encoding: gzip']),
    status: 200,
  },
  {
    name: 'a page for a client that refuses gzip',
    request: request('GET /polls/', ['Accept-Encoding: gzip;q=0, br']),
    status: 200,
  },
  {
    name: 'a page with conditions the application knows nothing of',
    request: request('GET /polls/', ['If-None-Match: *', 'Range: bytes=0-9']),
    status: 200,
  },
  { name: 'a query of any bytes', request: request('GET /polls/?%00=%zz&<>"\\'), status: 200 },
  {
    name: 'a page to close after',
    request: request('GET /polls/', ['Connection: close']),
    status: 200,
  },
  {
    name: 'a page for HTTP/1.0',
    request: 'GET /polls/ HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: same\r\n\r\n',
    status: 200,
  },
  {
    name: 'a page for HTTP/1.0 without a host',
    request: 'GET /polls/ HTTP/1.0\r\nUser-Agent: same\r\n\r\n',
    status: 200,
  },
  {
    name: 'a page for HTTP/1.0 that keeps the connection',
    request: 'GET /polls/4/ HTTP/1.0\r\nUser-Agent: same\r\nConnection: keep-alive\r\n\r\n',
    status: 200,
  },
];

const FILES: readonly Case[] = [
  { name: 'the style', request: request('GET /static/site.css'), status: 200 },
  { name: 'the style of the polls', request: request('GET /static/polls/polls.css'), status: 200 },
  { name: 'the icon', request: request('GET /static/favicon.svg'), status: 200 },
  { name: 'the icon under its old name', request: request('GET /favicon.ico'), status: 200 },
  { name: 'HEAD of a file', request: request('HEAD /static/site.css'), status: 200 },
  { name: 'HEAD of a file not there', request: request('HEAD /static/x.css'), status: 404 },
  {
    name: 'a file not there',
    request: request('GET /static/x.css', [], '', 'own'),
    status: 404,
  },
  { name: 'a folder', request: request('GET /static/', [], '', 'own'), status: 403 },
  {
    name: 'a folder without its slash',
    request: request('GET /static/polls?a=b', [], '', 'own'),
    status: 301,
  },
  { name: 'the folder itself without its slash', request: request('GET /static'), status: 404 },
  {
    name: 'the page of errors',
    request: request('GET /static/errors/unavailable.en.html', [], '', 'own'),
    status: 404,
  },
  {
    name: 'a file below a file',
    request: request('GET /static/site.css/', [], '', 'own'),
    status: 404,
  },
  ...(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'FOO'] as const).map((method) => ({
    name: `${method} of a file`,
    request: request(`${method} /static/site.css`, ['Content-Length: 0'], '', 'own'),
    status: 405,
  })),
  {
    name: 'a file for a client that takes gzip',
    request: request('GET /static/site.css', ['Accept-Encoding: gzip'], '', 'gzip'),
    status: 200,
  },
  {
    name: 'a picture for a client that takes gzip',
    request: request('GET /static/favicon.svg', ['Accept-Encoding: gzip'], '', 'gzip'),
    status: 200,
  },
  {
    name: 'a file for a client that takes gzip, through a proxy',
    request: request('GET /static/site.css', ['Accept-Encoding: gzip', 'Via: 1.1 x'], '', 'gzip'),
    status: 200,
  },
];

/** What follows `Range: bytes=`, and the status. */
const RANGES: readonly (readonly [string, number])[] = [
  ['0-9', 206],
  ['10-', 206],
  ['-10', 206],
  ['0-0', 206],
  ['0-99999', 206],
  [`${size - 1}-`, 206],
  [`-${size * 2}`, 206],
  ['0-1, 4-5', 206],
  ['0-1,1-2', 206],
  ['5-6,-3', 206],
  ['0-1,99999-', 206],
  [`${size}-`, 416],
  ['99999-', 416],
  ['-0', 416],
  ['9-1', 416],
  ['x', 416],
  ['', 200],
  [`0-${size},0-${size}`, 200],
];

const CONDITIONS: readonly (readonly [string, number])[] = [
  [`If-None-Match: ${ETAG}`, 304],
  [`If-None-Match: W/${ETAG}`, 304],
  [`If-None-Match: "a", ${ETAG}`, 304],
  ['If-None-Match: *', 304],
  ['If-None-Match: "a"', 200],
  [`If-Modified-Since: ${CHANGED}`, 304],
  [`If-Modified-Since: ${LATER}`, 200],
  [`If-Modified-Since: ${EARLIER}`, 200],
  ['If-Modified-Since: yesterday', 200],
  [`If-None-Match: "a"\r\nIf-Modified-Since: ${CHANGED}`, 200],
  [`If-None-Match: ${ETAG}\r\nIf-Modified-Since: ${EARLIER}`, 200],
  // gzip_static sends another file, which has a tag of its own.
  [`If-None-Match: ${ETAG}\r\nAccept-Encoding: gzip`, 200],
  [`If-Unmodified-Since: ${CHANGED}`, 200],
  [`If-Unmodified-Since: ${EARLIER}`, 412],
  [`If-Match: ${ETAG}`, 200],
  ['If-Match: "a"', 412],
  [`Range: bytes=0-1\r\nIf-Range: ${ETAG}`, 206],
  ['Range: bytes=0-1\r\nIf-Range: "a"', 200],
  [`Range: bytes=0-1\r\nIf-Range: ${CHANGED}`, 206],
  [`Range: bytes=0-1\r\nIf-Range: ${EARLIER}`, 200],
  ['Range: lines=0-1', 200],
];

/** Paths as sent, and the status. */
const PATHS: readonly (readonly [string, number])[] = [
  ['/static/%2e%2e/static/site.css', 200],
  ['/static/../static/site.css', 200],
  ['/static/..%2Fstatic/site.css', 200],
  ['/static/x/..', 403],
  ['/static%2Fsite.css', 200],
  ['/static//site.css', 200],
  ['//static/./site.css', 200],
  ['/static/%73ite.css', 200],
  ['/static/site.css%00', 400],
  ['/static/site.css%', 400],
  ['/static/%zz', 400],
  ['/../static/site.css', 400],
  ['/static/../../x', 400],
  ['/static/%D1%84%D0%B0%D0%B9%D0%BB.css', 404],
  ['/static/a%20b+c.css', 404],
  ['/static/site.css?v=%00', 200],
  ['/static/site.css#part', 200],
  ['/static/site.css%3Fv', 404],
  ['/polls%2F', 404],
  ['/polls/%34/', 200],
  ['/polls/%2e%2e/polls/4/', 200],
  ['//polls//', 404],
  ['/caf%C3%A9/%20', 404],
  ['/polls/é', 404],
  ['/polls/4/;a=b', 404],
  ['http://localhost:PORT/static/site.css', 200],
  ['http://localhost:PORT', 302],
  ['http://LOCALHOST/polls/', 200],
  ['*', 400],
  ['polls/', 400],
];

const LIMITS: readonly Case[] = [
  {
    name: 'a request line that is too long',
    request: request(`GET /${'a'.repeat(9000)}`, [], '', 'own'),
    status: 414,
  },
  {
    name: 'a request line that just fits',
    request: request(`GET /static/${'a'.repeat(8000)}`, [], '', 'own'),
    status: 404,
  },
  {
    name: 'a field that is too long',
    request: request('GET /static/site.css', [`X: ${'a'.repeat(9000)}`], '', 'own'),
    status: 400,
  },
  {
    name: 'content that is said to be too long',
    request: request('POST /polls/4/vote/', ['Content-Length: 1048577'], '', 'own'),
    status: 413,
  },
  {
    name: 'a chunk that is too long',
    request: request(
      'POST /polls/4/vote/',
      ['Transfer-Encoding: chunked'],
      `110000\r\n${'a'.repeat(0x110000)}\r\n0\r\n\r\n`,
      'own',
    ),
    status: 413,
  },
  {
    name: 'content that becomes too long',
    request: request(
      'POST /polls/4/vote/',
      ['Transfer-Encoding: chunked'],
      `${`10000\r\n${'a'.repeat(0x10000)}\r\n`.repeat(17)}0\r\n\r\n`,
      'own',
    ),
    status: 413,
  },
  {
    name: 'content that just fits, and that the application refuses',
    request: vote('/polls/4/vote/', 'a'.repeat(1_048_576)),
    status: 400,
  },
  { name: 'no host', request: 'GET / HTTP/1.1\r\nUser-Agent: own\r\n\r\n', status: 400 },
  { name: 'two hosts', request: request('GET /', ['Host: a', 'Host: b'], '', 'own'), status: 400 },
  { name: 'a host of no sense', request: request('GET /', ['Host: a/b'], '', 'own'), status: 400 },
  { name: 'TRACE', request: request('TRACE /polls/', [], '', 'own'), status: 405 },
  {
    name: 'a coding nobody knows',
    request: request('POST /polls/4/vote/', ['Transfer-Encoding: br'], '', 'own'),
    status: 501,
  },
  {
    name: 'two lengths',
    request: request('POST /', ['Content-Length: 1', 'Content-Length: 1'], 'a', 'own'),
    status: 400,
  },
  {
    name: 'length and chunks',
    request: request(
      'POST /',
      ['Content-Length: 1', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
      'own',
    ),
    status: 400,
  },
  {
    name: 'an expectation',
    request: request('GET /static/site.css', ['Expect: 200-ok']),
    status: 200,
  },
];

const REDIRECTS: readonly Case[] = [
  ...[8080, 8081].flatMap((port) => [
    {
      name: `www at ${port}`,
      request: request('GET /polls/?a=b%20c', ['Host: www.example.test'], '', 'own'),
      status: 301,
      port,
    },
    {
      name: `POST to www at ${port}`,
      request: request(
        'POST /polls/4/vote/',
        ['Host: WWW.localhost:PORT', 'Content-Length: 1'],
        'a',
        'own',
      ),
      status: 301,
      port,
    },
    {
      name: `HEAD of www at ${port}`,
      request: request('HEAD /static/site.css', ['Host: www.localhost.'], '', 'own'),
      status: 301,
      port,
    },
    {
      name: `a name that is known at ${port}`,
      request: request('GET /polls', ['Host: example.test']),
      status: 301,
      port,
    },
  ]),
  {
    name: 'a name that nobody knows at 8080',
    request: request('GET /polls', ['Host: unknown.example']),
    status: 301,
  },
  {
    name: 'a folder of a name that nobody knows',
    request: request('GET /static/polls', ['Host: unknown.example'], '', 'own'),
    status: 301,
  },
];

/** Every request that a running pool stands behind. */
export const CASES: readonly Case[] = [
  ...PAGES,
  ...FILES,
  ...RANGES.map(([range, status]) => ({
    name: `the range "${range}" of a file`,
    request: request('GET /static/site.css', [`Range: bytes=${range}`], '', 'own'),
    status,
  })),
  {
    name: 'HEAD of a range',
    request: request('HEAD /static/site.css', ['Range: bytes=0-9']),
    status: 206,
  },
  ...CONDITIONS.map(([condition, status]) => ({
    name: `a file under ${condition.replace('\r\n', ', ')}`,
    request: request('GET /static/site.css', [condition], '', 'gzip own'),
    status,
  })),
  ...PATHS.map(([path, status]) => ({
    name: `the path ${path}`,
    request: request(`GET ${path}`, [], '', 'own'),
    status,
  })),
  ...LIMITS,
  ...REDIRECTS,
];
