import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { surveyCycle } from '../cycle.ts';
import { surveyText } from './survey.ts';

suite('a survey of a configuration', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'survey-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function survey(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const file = join(folder, 'nginx.conf');
    return surveyCycle({ prefix: `${folder}/`, file, directives: '', errorLog: undefined });
  }

  /** Each obstacle as `missing: what line`, in the order of the files. */
  function told(files: Readonly<Record<string, string>>): string[] {
    return survey(files).map(({ missing, what, line }) => `${missing}: ${what} ${line}`);
  }

  test('goes on past each refusal, through includes and blocks', () => {
    const found = told({
      'inc.conf': 'autoindex on;',
      'nginx.conf': `events { }
http {
  more_set_headers "A: b";
  geo $x { default 0; nonsense; }
  server {
    location ~ x$ { fastcgi_pass unix:/x; }
    include inc.conf;
    location ~ ^(?R)x { stub_status; }
  }
}
stream { server { listen 1; } }
`,
    });
    assert.deepEqual(found, [
      'modules of others: more_set_headers 3',
      'ngx_http_geo_module: geo 4',
      'ngx_http_fastcgi_module: fastcgi_pass 6',
      'ngx_http_autoindex_module: autoindex 1',
      'parameters of "location": "^(?R)x" 8',
      'ngx_http_stub_status_module: stub_status 8',
      'ngx_stream_core_module: stream 11',
    ]);
  });

  test('names every parameter of one directive, and variables', () => {
    const found = told({
      'nginx.conf': `events { }
http {
  log_format a '$remote_addr $fastcgi_script_name \${fastcgi_path_info} $mine';
  upstream u { server 127.0.0.1:9 resolve slow_start=30s; }
  server { listen 443 ssl http2; }
}
`,
    });
    assert.deepEqual(found, [
      'ngx_http_fastcgi_module: $fastcgi_script_name 3',
      'ngx_http_fastcgi_module: $fastcgi_path_info 3',
      'parameters of "server": "resolve" 4',
      'parameters of "server": "slow_start" 4',
      'parameters of "listen": "ssl" 5',
      'parameters of "listen": "http2" 5',
    ]);
  });

  test('notes nothing where all is supported, and no other mistakes', () => {
    const found = told({
      'nginx.conf':
        'events { }\nhttp { gzip on; gzip on; sendfile maybe; include none.conf; server { listen 80; root $document_root; }\n',
    });
    assert.deepEqual(found, []);
    assert.equal(surveyText([], 'any', false), '');
  });

  test('is told by what is missing, without what was said before, plain or coloured', () => {
    const found = survey({
      'nginx.conf': 'events { }\nhttp { autoindex on;\nstub_status; more_x a; stub_status; }\n',
    });
    const first = found[0]!.message;
    const place = join(folder, 'nginx.conf');
    assert.match(first, /"autoindex" .* in /);
    assert.equal(
      surveyText(found.slice(0, 2), first, false),
      `1 more is not supported by Tandem, by what is missing:
  modules of others (1)
    more_x in ${place}:3
`,
    );
    assert.match(surveyText(found, first, true), /\x1b\[1mmodules of others\x1b\[22m \(1\)/);
    assert.equal(surveyText(found.slice(0, 1), first, false), '');
  });
});
