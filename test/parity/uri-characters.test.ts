/**
 * Every byte a path may hold, in every place where a path, a capture or a variable may go, beside
 * Debian's nginx. Escaping looks at one byte at a time, so one request carries many of them.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { masks, type Pair, startPair } from '../harness/parity.ts';
import { converse } from '../harness/raw-client.ts';
import { answering, response, upstreamFor } from '../proxy/upstream-servers.ts';

/** Bytes that end a line or a text: what becomes of them in our lines stands in differences.md. */
const BREAKS = [0x0a, 0x0d];

/** What follows the place's name. `%` after others has nginx escape again what it decoded. */
const RESTS: readonly string[] = [
  'plain',
  range(0x01, 0x1f).filter(isNoBreak).map(escaped).join(''),
  range(0x20, 0x3f).map(escaped).join('').replace('%2F', ''),
  range(0x40, 0x7f).map(escaped).join(''),
  range(0x80, 0xff).map(escaped).join(''),
  range(0x21, 0xff).filter(isRaw).map(character).join(''),
  `%41${range(0x21, 0xff).filter(isRaw).map(character).join('')}`,
  '"<>\\^`{|}',
  'a+b',
  'a+b;c&d=e f'.replace(' ', '%20'),
  'a%3Fb',
  'a%3Fb?c=d%26&e+f',
  'a%25%32%35b',
  'a%20b',
  'a%20b/c',
  'a%2520b',
  'a%2Fb%2F%2Fc',
  'a//b/./c',
  'a?b=%3F#d',
  'a?%22"<>',
  'a?"|',
  '?',
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
function isNoBreak(code: number): boolean {
  return !BREAKS.includes(code);
}
function isRaw(code: number): boolean {
  return code !== 0x7f && !'?#%/.+'.includes(character(code));
}
function escaped(code: number): string {
  return `%${code.toString(16).padStart(2, '0').toUpperCase()}`;
}
function character(code: number): string {
  return String.fromCharCode(code);
}

/** A place: the body of the location `~ ^/NAME/(.*)$`, or a whole location where it says so. */
const PLACES: Readonly<Record<string, string>> = {
  'proxy-uri': 'location /proxy-uri/ { proxy_pass UP/; }',
  'proxy-uri-part': 'location /proxy-uri-part { proxy_pass UP/b; }',
  'proxy-args': 'location /proxy-args/ { set $args "a=$uri"; proxy_pass UP; }',
  'proxy-capture': 'proxy_pass UP/c/$1;',
  'proxy-variable': 'proxy_pass UP$uri;',
  'proxy-request-uri': 'proxy_pass UP$request_uri;',
  'proxy-named-capture': 'location ~ ^/proxy-named-capture/(?<n1>.*)$ { proxy_pass UP/c/$n1; }',
  'proxy-header': 'proxy_set_header X-Own "$1|$uri"; proxy_pass UP;',
  'proxy-method': 'proxy_set_header X-Own $request_filename; proxy_pass UP;',
  'proxy-try': 'location /proxy-try/ { try_files /none /proxy-try; proxy_pass UP; }',
  break: 'rewrite ^/break/(.*)$ /n/$1 break; proxy_pass UP;',
  'break-uri': 'location /break-uri/ { rewrite ^/break-uri/(.*)$ /n/$1 break; proxy_pass UP/x/; }',
  'break-args': 'rewrite ^/break-args/(.*)$ /n?a=$1 break; proxy_pass UP;',
  'break-args-only': 'rewrite ^/break-args-only/(.*)$ /n/$1?a=$1&b=$uri? break; proxy_pass UP;',
  last: 'rewrite ^/last/(.*)$ /passed/$1 last;',
  'last-args': 'rewrite ^/last-args/(.*)$ /passed?a=$1 last;',
  'last-uri': 'rewrite ^/last-uri/(.*)$ /proxy-uri/$1 last;',
  redirect: 'rewrite ^/redirect/(.*)$ /t/$1 redirect;',
  permanent: 'rewrite ^/permanent/(.*)$ /t/$1? permanent;',
  'redirect-host': 'rewrite ^/redirect-host/(.*)$ http://h.test/$1;',
  'redirect-scheme': 'rewrite ^/redirect-scheme/(.*)$ $scheme://h.test/$1;',
  'redirect-args': 'rewrite ^/redirect-args/(.*)$ /t?a=$1 redirect;',
  'redirect-uri': 'rewrite ^ /t$uri redirect;',
  return: 'return 302 /t/$1;',
  'return-uri': 'return 302 $uri;',
  'return-host': 'return 302 http://h.test/$1?$args;',
  'return-request': 'return 302 http://h.test$request_uri;',
  'return-text': 'return 200 "$1|$uri|$args|$request_uri|$document_uri";',
  set: 'set $p $1; proxy_pass UP/r/$p;',
  'set-return': 'set $p $1; return 302 http://h.test/$p;',
  'set-text': 'set $p "$1|$uri"; return 200 $p;',
  'set-twice': 'set $p $1; set $q $p; return 200 $q;',
  'set-named': 'location ~ ^/set-named/(?<n2>.*)$ { set $p $n2; return 200 $p; }',
  'set-map': 'set $p $mapped; return 200 "$p|$mapped";',
  'set-args': 'set $args a=$1; proxy_pass UP;',
  'set-if': 'location /set-if/ { if ($uri ~ ^/set-if/(.*)$) { set $p $1; } return 200 $p; }',
  'set-not': 'if ($uri !~ ^/other/(.*)$) { set $p "[$1]"; } return 200 $p;',
  'set-break': 'rewrite ^/other/(.*)$ /o/$1 break; set $p "[$1]"; return 200 $p;',
  'set-rewritten':
    'location /set-rewritten/ { rewrite ^/set-rewritten/(.*)$ /texts/$1; set $p $1; }',
  'set-then-rewritten': 'set $p $1; rewrite ^/set-then-rewritten/(.*)$ /texts/$p;',
  'set-then-args': 'set $p $1; rewrite ^ /texts?$p? last;',
  'set-after-if': `location /set-after-if/ {
    if ($uri ~ /set-after-if/) { rewrite ^/set-after-if/(.*)$ /texts/$1; } set $p $1; }`,
  'if-file': 'if (-f files/$1) { return 200 there; } return 200 not;',
  'if-capture':
    'if ($uri ~ ^/if-capture/(.*)$) { set $p $1; } if ($p = "a b") { return 200 plain; } return 200 $p;',
  'if-rewrite':
    'if ($uri ~ ^/if-rewrite/(.*)$) { rewrite ^ /texts/$1?x=$1 last; } return 200 none;',
  'rewrite-variable': 'set $p $1; rewrite ^ /passed/$p?q=$p? last;',
  'rewrite-whole': 'rewrite ^ /passed/$1 last;',
  'try-set': 'set $p $1; try_files /none /passed/$p;',
  alias: 'alias files/$1; add_header X-Own $request_filename always;',
  root: 'root files/$1; add_header X-Own $request_filename always;',
  'proxy-cookie': 'proxy_cookie_path ~^/up(.*)$ /own/$uri; proxy_pass UP;',
  'proxy-if': 'location /proxy-if/ { if ($uri ~ b) { set $p 1; } proxy_pass UP/x/; }',
  'location-sp': 'location "/location-sp/a b/" { proxy_pass UP/; }',
  'if-equal': 'if ($uri = "/if-equal/$1") { return 200 same; } return 200 other;',
  'if-set-return': 'if ($uri ~ /if-set-return/(.*)) { return 200 "$1"; } return 200 none;',
  named: 'error_page 418 = @passed; return 418;',
  'named-break': 'error_page 418 = @broken; return 418;',
  'named-last': 'error_page 418 = @last; return 418;',
  'error-page': 'error_page 418 = /passed/$1?b=$1; return 418;',
  'error-page-uri': 'error_page 418 = /proxy-uri$uri; return 418;',
  'error-page-host': 'error_page 418 =301 http://h.test/$1; return 418;',
  'error-page-request': 'error_page 418 = /passed$request_uri; return 418;',
  'try-named': 'try_files /none @passed;',
  'try-capture': 'try_files /none /passed/$1?c=$1;',
  'try-uri': 'try_files /none /proxy-uri$uri?$args;',
  'try-arguments': 'location /try-arguments/ { try_files $uri /passed/x?$args; }',
  'map-text': 'return 200 $mapped;',
  'add-header': 'add_header X-Own "$1|$uri|$mapped"; return 200 x;',
  'proxy-redirect': `proxy_redirect ~^http://up.test/(.*)$ http://h.test/$1; proxy_pass UP;`,
  'proxy-redirect-capture': `proxy_redirect http://up.test/ http://h.test/$uri/; proxy_pass UP;`,
};

const SERVERS = (up: string): string => `
map $uri $mapped { ~^/[a-z-]+/(?<rest>.*)$ "<$rest|$1>"; }
server {
  listen 127.0.0.1:8080; root files; port_in_redirect off;
  ${locations(up)}
  location /passed { proxy_pass ${up}; }
  location /texts { return 200 "$uri|$args|$p"; }
  location @passed { proxy_pass ${up}; }
  location @broken { rewrite ^/[^/]*/(.*)$ /b/$1 break; proxy_pass ${up}; }
  location @last { rewrite ^/[^/]*/(.*)$ /proxy-uri/$1 last; }
}
server {
  listen 127.0.0.1:8081; root files; merge_slashes off; port_in_redirect off;
  ${locations(up)}
  location /passed { proxy_pass ${up}; }
  location /texts { return 200 "$uri|$args|$p"; }
  location @passed { proxy_pass ${up}; }
  location @broken { rewrite ^/[^/]*/(.*)$ /b/$1 break; proxy_pass ${up}; }
  location @last { rewrite ^/[^/]*/(.*)$ /proxy-uri/$1 last; }
}
server {
  listen 127.0.0.1:8082; port_in_redirect off;
  set $first "-";
  if ($uri ~ ^/server/(.*)$) { set $first $1; }
  rewrite ^/server-break/(.*)$ /broken/$1 break;
  rewrite ^/server-args/(.*)$ /server-gone?a=$1;
  location / { return 200 "$uri|$args|$first"; }
  location /broken/ { proxy_pass ${up}/x/; }
}`;

function locations(up: string): string {
  return Object.entries(PLACES)
    .map(([name, text]) =>
      text.startsWith('location') ? text : `location ~ ^/${name}/(.*)$ { ${text} }`,
    )
    .join('\n')
    .replaceAll('UP', up);
}

/** Line ends and spaces would break these lines of ours, which nginx sends as they are. */
const UNSAFE =
  /^(proxy-capture|proxy-variable|proxy-named-capture|proxy-header|proxy-method|alias|root|proxy-cookie)$/;

const FILES = { 'files/a b': '1', 'files/a+b': '2', 'files/a%20b': '3' };

suite('characters of a path', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];
  before(async () => {
    const upstream = await upstreamFor(
      { after: (hook) => hooks.push(hook) },
      answering((request) => {
        const [line = ''] = request.split(' HTTP/1.', 1);
        const own = /^X-Own: (.*)$/im.exec(request)?.[1] ?? '';
        const path = line.slice(line.indexOf(' ') + 1);
        const lines = path.startsWith('/proxy-redirect') ? [`Location: http://up.test${path}`] : [];
        if (path.startsWith('/proxy-cookie')) lines.push('Set-Cookie: a=b; path=/up');
        return response(200, `${line} ${own}`, ...lines);
      }),
    );
    pair = await startPair(SERVERS(`http://127.0.0.1:${upstream.port}`), { files: FILES });
  });
  after(async () => {
    await pair?.stop();
    for (const hook of hooks) await hook();
  });

  for (const name of Object.keys(PLACES)) {
    test(`${name}`, async () => {
      for (const port of [8080, 8081]) await assertAlike(pair, name, port);
    });
  }
  for (const name of ['server', 'server-break', 'server-args']) {
    test(`rewritten by the server: ${name}`, () => assertAlike(pair, name, 8082));
  }
});

async function assertAlike(pair: Pair, name: string, port: number): Promise<void> {
  const rests = RESTS.filter((rest) => !UNSAFE.test(name) || !/%([01].|7F|20)/.test(rest));
  const [theirs, ours] = await Promise.all(
    [pair.nginx, pair.tandem].map((front) => answers(front, name, port, rests)),
  );
  for (const [at, rest] of rests.entries()) {
    assert.equal(ours?.[at], theirs?.[at], `answers to /${name}/${rest} differ`);
  }
}

/** All on one connection: status, and what tells where the path went. */
async function answers(
  front: Front,
  name: string,
  port: number,
  rests: readonly string[],
): Promise<string[]> {
  const requests = rests.map((rest, at) => {
    const last = at === rests.length - 1 ? 'Connection: close\r\n' : '';
    return `GET /${name}/${rest} HTTP/1.1\r\nHost: localhost\r\n${last}\r\n`;
  });
  const text = masks(front, await converse(front.port(port), requests.join('')));
  const all = text.split(/(?=HTTP\/1\.1 \d)/).map(essence);
  assert.equal(all.length, rests.length, text);
  return all;
}

function essence(answer: string): string {
  const head = answer.slice(0, answer.indexOf('\r\n\r\n'));
  const fields = head.match(/^(HTTP.*|Location: .*|X-Own: .*|Set-Cookie: .*)$/gm) ?? [];
  const content = answer.slice(head.length + 4).replace(/<hr>[\s\S]*/, '');
  return [...fields, content].join('\n');
}
