/** Which variables `set`, `map` and named captures may define, as Debian's nginx judges it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSameJudgement } from '../harness/parity.ts';
import { judgeHere } from '../proxy/upstream-servers.ts';

const FORMS: Readonly<Record<string, (name: string) => string>> = {
  set: (name) => `server { listen 127.0.0.1:8080; set $${name} x; }`,
  map: (name) => `map $host $${name} { default x; } server { listen 127.0.0.1:8080; }`,
  'named capture': (name) => `server { listen 127.0.0.1:8080; server_name ~^(?<${name}>x)$; }`,
};

const FREE =
  'mine args proxy_host proxy_port http_foo arg_x cookie_x sent_http_x sent_trailer_x upstream_http_x ' +
  'upstream_trailer_x upstream_cookie_x ssl_protocol';
const TAKEN =
  'uri host query_string request_uri status http_host http_cookie http_via http_user_agent ' +
  'http_x_forwarded_for sent_http_location sent_http_link sent_http_content_type sent_http_connection ' +
  'upstream_addr proxy_add_x_forwarded_for body_bytes_sent connection_time connections_active date_gmt ' +
  'fastcgi_script_name gzip_ratio http2 proxy_protocol_addr secure_link slice_range uid_got ' +
  'upstream_cache_status limit_req_status';

describe('names that a configuration gives to variables', { skip: lacksNginx() }, () => {
  for (const [form, text] of Object.entries(FORMS)) {
    test(`${form} may define those that nginx lets it`, () => {
      for (const name of FREE.split(' ')) {
        assert.match(assertSameJudgement(text(name)).at(-1) ?? '', /successful/, name);
      }
      for (const name of TAKEN.split(' ')) {
        const [line] = assertSameJudgement(text(name));
        assert.match(line ?? '', new RegExp(`the duplicate "${name}" variable`));
      }
    });
  }
});

test('$limit_rate, which would have no effect, is refused by name', () => {
  for (const text of Object.values(FORMS)) {
    assert.match(judgeHere(text('limit_rate')), /variable "limit_rate" is not supported by Tandem/);
  }
});
