/** Who may import whom: the table of docs/map.md, read from the imports themselves. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** A room, and the rooms it may import from; `types:` allows type imports alone. First match wins. */
const ROOMS: readonly (readonly [room: string, mayImport: readonly string[]])[] = [
  ['wire/', []],
  ['http1/', ['wire/']],
  ['prefork/', []],
  ['admin/', ['wire/', 'http1/']],
  ['proxy/config/', []],
  ['proxy/zones/', []],
  ['proxy/log/', ['wire/', 'proxy/config/']],
  ['proxy/http/', ['wire/', 'proxy/config/', 'proxy/log/', 'proxy/zones/']],
  ...['http2', 'tls', 'upstream', 'cache'].map(
    (room) =>
      [
        `proxy/${room}/`,
        ['wire/', 'http1/', 'proxy/config/', 'proxy/log/', 'proxy/zones/', 'types:proxy/http/'],
      ] as const,
  ),
  ['proxy/modules/order.ts', ['proxy/modules/', 'proxy/http/']],
  [
    'proxy/modules/',
    [
      'wire/',
      'proxy/config/',
      'proxy/zones/',
      'proxy/log/',
      'proxy/http/',
      'proxy/http2/',
      'proxy/tls/',
      'proxy/upstream/',
      'proxy/cache/',
    ],
  ],
  ['proxy/', ['wire/', 'http1/', 'prefork/', 'admin/', 'proxy/']],
  ['appserver/', ['wire/', 'http1/', 'prefork/', 'admin/']],
  ['deploy/', []],
  ['cli/', ['proxy/main.ts', 'proxy/describe.ts', 'appserver/main.ts', 'appserver/describe.ts']],
  ['app/framework/', []],
  ['app/polls/', ['app/framework/']],
  ['app/chat/', ['app/framework/']],
  ['app/config/', ['app/framework/', 'app/polls/', 'app/chat/']],
  ['app/', ['app/']],
];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

const IMPORT = /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'/gm;
const BARE = /(?:^import\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)')/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(PROJECT, file), 'utf8');
  const found: Import[] = [];
  for (const [, isType, path] of text.matchAll(IMPORT)) {
    found.push({
      file,
      target: normalize(join(dirname(file), path!)),
      isType: isType !== undefined,
    });
  }
  for (const [, plain, dynamic] of text.matchAll(BARE)) {
    const path = plain ?? dynamic!;
    found.push({ file, target: normalize(join(dirname(file), path)), isType: false });
  }
  return found;
}

function sources(): string[] {
  return globSync('{wire,http1,prefork,admin,proxy,appserver,cli,app,deploy}/**/*.ts', {
    cwd: PROJECT,
  })
    .filter((file) => !file.endsWith('.test.ts') && !file.includes('/fixtures/'))
    .sort();
}

function isAllowed({ file, target, isType }: Import): boolean {
  const room = ROOMS.find(([prefix]) => file.startsWith(prefix));
  assert.ok(room, `${file} stands in no room of the table`);
  const [prefix, mayImport] = room;
  // A module never imports another module; its parts share its name: rewrite.ts, rewrite-codes.ts.
  if (prefix === 'proxy/modules/' && target.startsWith(prefix)) return isPartOf(file, target);
  if (target.startsWith(prefix)) return true;
  return mayImport.some((allowed) =>
    allowed.startsWith('types:')
      ? isType && target.startsWith(allowed.slice(6))
      : target.startsWith(allowed),
  );
}

function isPartOf(file: string, target: string): boolean {
  const stem = (path: string): string => path.slice('proxy/modules/'.length).replace(/\.ts$/, '');
  const [one, other] = [stem(file), stem(target)];
  const family = (name: string): string => name.split('-')[0]!;
  return family(one) === family(other);
}

test('imports point only where the table of rooms allows', () => {
  const imports = sources().flatMap(importsOf);
  assert.ok(imports.length > 100, 'the imports were not read');
  const wrong = imports.filter((each) => !isAllowed(each));
  assert.deepEqual(
    wrong.map(({ file, target }) => `${file} -> ${target}`),
    [],
  );
});

test('an arrow that the table lacks is seen', () => {
  const wrong = { file: 'wire/head.ts', target: 'http1/clock.ts', isType: true };
  assert.equal(isAllowed(wrong), false);
  const module = {
    file: 'proxy/modules/static.ts',
    target: 'proxy/modules/range.ts',
    isType: false,
  };
  assert.equal(isAllowed(module), false);
  const value = { file: 'proxy/upstream/pass.ts', target: 'proxy/http/reply.ts', isType: false };
  assert.equal(isAllowed(value), false);
});

test('in the proxy the owner of request content alone reads it', () => {
  const readers = sources()
    .filter((file) => file.startsWith('proxy/'))
    .filter((file) =>
      /\.(readContent|discardContent)\(/.test(readFileSync(join(PROJECT, file), 'utf8')),
    );
  assert.deepEqual(readers, ['proxy/http/body.ts']);
});
