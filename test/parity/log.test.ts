/** Access logs, and the form of error logs, under Debian's nginx and under ours. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSameJudgement, masks, type Pair, startPair } from '../harness/parity.ts';
import { converse } from '../harness/raw-client.ts';

const HTTP = `
log_format named "$remote_addr|$remote_user|$request|$status|$body_bytes_sent|$http_referer|"
                 "$http_user_agent|$args|$uri|$empty|$unset|$absent_capture|$host|$server_name|"
                 "$scheme|$request_method|$request_uri|$server_protocol|$request_length|$bytes_sent|"
                 "$sent_http_location|$sent_http_content_type|$cookie_c|$arg_a|$content_length|"
                 "$content_type|$is_args|$pipe|$connection_requests|$document_root|$request_filename|"
                 "\${status}x|$server_addr|$server_port|$https|$nginx_version_masked|$request_completion";
log_format json escape=json '{"uri":"$uri","agent":"$http_user_agent","none":"$http_absent"}';
log_format bare escape=none '$uri $http_user_agent [$http_absent]';
log_format times '$time_local $time_iso8601 $msec $request_time $connection $pid $request_id';
map "" $nginx_version_masked { default m; }
map $uri $absent_or { ~^/x(?<absent_capture>.) 1; }
map $arg_log $is_logged { default ""; 1 1; 0 0; }
access_log combined.log;
access_log named.log named;
server {
  listen 127.0.0.1:8080;
  server_name logged.example;
  root files;
  set $empty "";
  location / { }
  location = /unset { set $unset 1; }
  location /json { access_log json.log json; access_log bare.log bare; return 200 "x"; }
  location /off { access_log off; return 200 "off"; }
  location /if { access_log if.log named if=$is_logged; return 200 "if"; }
  location /two { access_log one.log; access_log two.log named; return 200 "two"; }
  location /block { if ($arg_x) { access_log block.log; } return 200 "block"; }
  location /where { access_log $arg_where.log named; return 200 "where"; }
  location /no-root { root absent; access_log $arg_where.log named; return 200 "where"; }
  location /redirect { return 301 /there; }
  location /close { return 444; }
  location /inner { error_page 404 /page; return 404; }
  location /page { return 200 "page"; }
  location /denied { deny all; }
}
`;

const FILES = { 'files/index.html': 'index', 'files/file.html': '0123456789' };

function requestFor(path: string, ...lines: string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: logged.example',
    ...lines,
    'Connection: close',
    '',
    '',
  ].join('\r\n');
}

const REQUESTS = [
  requestFor('/file.html'),
  requestFor('/file.html?a=b&c', 'User-Agent: test/1 (x)', 'Referer: http://from.example/?q'),
  requestFor('/file.html', 'User-Agent: "quoted\\" \xe9 tab\tin it'),
  requestFor('/file%20name%22%5C%01%C3%A9?q="x"'),
  requestFor('/file.html', 'Authorization: Basic dXNlcjpwYXNz', 'Cookie: a=b; c=d'),
  requestFor('/file.html', 'Range: bytes=0-3'),
  requestFor('/file.html').replace('GET', 'HEAD'),
  requestFor('/file.html').replace('GET', 'PUT'),
  'POST /two HTTP/1.1\r\nHost: logged.example\r\nContent-Type: text/x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
  'GET /file.html HTTP/1.0\r\n\r\n',
  requestFor('/missing'),
  requestFor('/unset'),
  requestFor('/off'),
  requestFor('/if?log=1'),
  requestFor('/if?log=0'),
  requestFor('/if'),
  requestFor('/two'),
  requestFor('/block'),
  requestFor('/block?x=1'),
  requestFor('/where?where=somewhere'),
  requestFor('/no-root?where=nowhere'),
  requestFor('/redirect'),
  requestFor('/close'),
  requestFor('/inner'),
  requestFor('/denied'),
  requestFor('/json', 'User-Agent: "a\\b\tc\xff'),
  'GET /file.html HTTP/1.1\r\nHost: logged.example\r\n\r\nGET /two HTTP/1.1\r\nHost: logged.example\r\nConnection: close\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET /../x HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /x HTTP/1.1\r\nHost: a b\r\n\r\n',
];

suite('logs', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
    // One after the other: the order of lines is compared too.
    for (const front of [pair.nginx, pair.tandem]) {
      for (const request of REQUESTS) await converse(front.port(), request);
      await converse(front.port(), requestFor('/two?last'));
      await front.lines('two.log', (lines) => lines.some((line) => line.includes('?last')));
    }
  });
  after(() => pair.stop());

  const names = [
    'combined',
    'named',
    'json',
    'bare',
    'if',
    'one',
    'two',
    'block',
    'somewhere',
    'nowhere',
  ];
  for (const name of names) {
    test(`${name}.log holds the same lines`, () => {
      const theirs = linesOf(pair.nginx, `${name}.log`);
      assert.deepEqual(linesOf(pair.tandem, `${name}.log`), theirs);
    });
  }

  test('error.log says the same of the same requests', () => {
    assert.deepEqual(errorsOf(pair.tandem), errorsOf(pair.nginx));
  });
});

/** Lines with what differs by nature masked: times, and bytes of heads and of built-in pages. */
function linesOf(front: Front, name: string): string[] {
  return masks(front, front.read(name))
    .replaceAll(/\[\d\d\/\w{3}\/\d{4}:[^\]]*\]/g, '[time]')
    .replaceAll(/\|(\d+)\|/g, '|$1|')
    .split('\n')
    .filter((line) => !REFUSED_HEAD.test(line))
    .map((line) => line.replace(BUILT_IN, '$1 length of the page$3'));
}

/** Status and length where a built-in page is sent, whose length depends on the server's name. */
const BUILT_IN = /((?:" |\|)(?:301|400|403|404|405)[ |])(\d+)([ |])/;

/** named.log of a head that is refused: ours knows it whole, nginx up to where it stopped reading. */
const REFUSED_HEAD = /^[^ ]*\|-\|.*\|400\|/;

function errorsOf(front: Front): string[] {
  return front
    .read('error.log')
    .split('\n')
    .filter((line) => line.includes('client: ') && !line.includes('waiting for request'))
    .map((line) => masks(front, line).replace(/^.{19} (\[\w+\]) \d+#\d+: \*\d+/, '$1'));
}

const JUDGED = [
  'access_log;',
  'access_log a.log absent;',
  'access_log a.log if=$uri;',
  'access_log off combined;',
  'access_log off; access_log off;',
  'access_log a.log combined other;',
  'access_log a.log combined buffer=x;',
  'access_log a.log combined buffer=0;',
  'access_log a.log combined flush=1s;',
  'access_log a.log combined buffer=1k flush=x;',
  'access_log a.log combined buffer=1k flush=0;',
  'access_log a.log combined buffer=1k; access_log a.log combined buffer=2k;',
  'access_log a.log combined buffer=1k; access_log a.log combined;',
  'access_log $host.log combined buffer=1k;',
  'access_log $absent.log;',
  'access_log a.log combined if=$absent;',
  'log_format x a; log_format x b;',
  'log_format combined a;',
  'log_format x;',
  'log_format x escape=html a;',
  'log_format x escape=json;',
  'log_format x $absent;',
  'log_format x "$";',
  'log_format x "a $ b";',
  'log_format x "${a";',
  `log_format x "$\{}";`,
  'open_log_file_cache off;',
  'open_log_file_cache max=0;',
  'open_log_file_cache inactive=1s;',
  'open_log_file_cache max=1 inactive=x;',
  'open_log_file_cache max=1 min_uses=0;',
  'open_log_file_cache max=1 odd=0;',
  'open_log_file_cache max=1 valid=1s min_uses=2 inactive=3s;',
  'open_log_file_cache max=1; open_log_file_cache max=1;',
];

suite('configurations of logs', { skip: lacksNginx() }, () => {
  for (const inside of JUDGED) {
    test(inside, () => {
      assertSameJudgement(`${inside}\nserver { listen 127.0.0.1:8080; }`);
    });
  }
});
