import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, describe, it } from 'node:test';
import {
  ConfigError,
  type Directive,
  type DirectiveRow,
  EVENTS,
  HTTP,
  MAIN,
  type ModuleRows,
  type Place,
  type Scope,
  SERVER,
} from './directive.ts';
import { dumpText } from './dump.ts';
import { makeReader, type ReaderOptions } from './read.ts';
import { append, assign, flag, word } from './readers.ts';
import { innerScope, makeLoad, rootScope } from './scope.ts';

interface Conf {
  seen: string[];
  sendfile: boolean;
}

const module = { name: 'test' };
const entries: string[] = [];
const ends: Place[] = [];
const rows: readonly DirectiveRow<Conf>[] = [
  { name: 'say', in: MAIN | HTTP | SERVER, args: [1, 1], set: append(word, 'seen') },
  { name: 'events', in: MAIN, args: [0, 0], open: (_own, _at, scope) => innerScope(EVENTS, scope) },
  { name: 'http', in: MAIN, args: [0, 0], open: (_own, _at, scope) => innerScope(HTTP, scope) },
  {
    name: 'server',
    in: HTTP,
    args: [0, 1],
    open: (_own, _directive, scope) => innerScope(SERVER, scope),
    close(inner, _directive, outer, end) {
      outer.own<Conf>(module).seen ??= [];
      outer.own<Conf>(module).seen?.push(...(inner.own<Conf>(module).seen ?? []));
      ends.push({ file: end.file, line: end.line });
    },
  },
  {
    name: 'table',
    in: HTTP,
    args: [0, 0],
    open: () => ({
      entry: (words: Directive) => void entries.push([words.name, ...words.args].join(' ')),
      close: (end: Place) => void entries.push(`end ${end.line}`),
    }),
  },
];
const modules: readonly ModuleRows[] = [{ module, rows }];

let folder = '';
before(() => {
  folder = `${mkdtempSync(`${tmpdir()}/read-`)}/`;
});
after(() => rmSync(folder, { recursive: true }));

function read(text: string, options: ReaderOptions = {}, used = modules): Scope {
  const root = rootScope(makeLoad({ prefix: folder, confPrefix: folder }));
  makeReader(used, options).readFile(`${folder}nginx.conf`, root, text);
  return root;
}

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.replaceAll(folder, '');
  }
  return 'taken';
}

describe('a directive', () => {
  it('is applied in the order of the file, in the scope of its block', () => {
    const root = read('say a; http { say b; server { say c; } say d; } say e;');
    assert.deepEqual(root.own<Conf>(module).seen, ['a', 'e']);
  });

  it('is applied before the next one is read', () => {
    let seen: readonly string[] | undefined;
    const spy: DirectiveRow<Conf> = {
      name: 'spy',
      in: MAIN,
      args: [0, 0],
      set: (own) => {
        seen = [...(own.seen ?? [])];
      },
    };
    assert.throws(() => read('say a; spy; say b; "', {}, [{ module, rows: [...rows, spy] }]));
    assert.deepEqual(seen, ['a']);
  });

  it('goes to the row that may stand where it stands', () => {
    const other = { name: 'other' };
    const row: DirectiveRow<Conf> = { name: 'say', in: EVENTS, args: [2, 2], set: append(word) };
    const root = read('say a; events { say b c; }', {}, [
      ...modules,
      { module: other, rows: [row] },
    ]);
    assert.deepEqual(root.own<Conf>(module).seen, ['a']);
  });

  it('without meaning is taken, unless a module claims it', () => {
    read('http { sendfile on; }');
    const row: DirectiveRow<Conf> = { name: 'sendfile', in: MAIN, args: 'flag', set: assign(flag) };
    const root = read('sendfile on;', {}, [{ module, rows: [row] }]);
    assert.equal(root.own<Conf>(module).sendfile, true);
  });

  it('that nginx knows and no row takes is named with its module', () => {
    assert.equal(
      refusal('http { auth_jwt x; }'),
      'directive "auth_jwt" (module ngx_http_auth_jwt_module) is not supported by Tandem in nginx.conf:1',
    );
    assert.equal(
      refusal('ssl_engine x;'),
      'directive "ssl_engine" (nginx core) is not supported by Tandem in nginx.conf:1',
    );
    assert.equal(
      refusal('auth_jwt x;'),
      '"auth_jwt" directive is not allowed here in nginx.conf:1',
    );
  });
});

describe('a block', () => {
  it('hears of its end and where that is', () => {
    ends.length = 0;
    read('http { server {\n\n} }');
    assert.deepEqual(ends, [{ file: `${folder}nginx.conf`, line: 3 }]);
  });

  it('of entries gives each entry to its reader', () => {
    entries.length = 0;
    writeFileSync(`${folder}more`, 'd e f;');
    read('http { table {\na b;\n"c" ""; include more; include x y; } }');
    assert.deepEqual(entries, ['a b', 'c ', 'd e f', 'include x y', 'end 3']);
  });

  it('nests to a depth that the stack can bear', () => {
    writeFileSync(`${folder}again`, 'include again;');
    assert.match(refusal('include again;'), /nested more than 500 levels deep in again:1$/);
  });
});

describe('a file', () => {
  it('that is missing may be answered for', () => {
    const asked: string[] = [];
    const root = read('include none/said; say b;', {
      missingFile(name, directive) {
        asked.push(`${name} ${directive.line}`);
        return 'say a;';
      },
    });
    assert.deepEqual(asked, [`${folder}none/said 1`]);
    assert.deepEqual(root.own<Conf>(module).seen, ['a', 'b']);
    assert.match(
      refusal('include none;'),
      /^open\(\) "none" failed \(2: No such file or directory\)/,
    );
  });

  it('is found by its bytes, whatever the encoding of its name', () => {
    writeFileSync(`${folder}caf\u00e9`, 'say "\u00e9";', 'utf8');
    const root = read('include caf\u00c3\u00a9;');
    assert.deepEqual(root.own<Conf>(module).seen, ['\u00c3\u00a9']);
  });

  it('is dumped once, as it is, in the order of reading', () => {
    mkdirSync(`${folder}dump`, { recursive: true });
    writeFileSync(`${folder}dump/b`, '# b\n');
    writeFileSync(`${folder}dump/a`, '# a');
    const root = read('include dump/*; include dump/a;\n');
    assert.equal(
      dumpText(root.load).replaceAll(folder, ''),
      [
        '# configuration file nginx.conf:\ninclude dump/*; include dump/a;\n\n',
        '# configuration file dump/a:\n# a\n',
        '# configuration file dump/b:\n# b\n\n',
      ].join(''),
    );
  });

  it('that is the main one and missing is reported without a place', () => {
    const root = rootScope(makeLoad({ prefix: folder, confPrefix: folder }));
    assert.throws(() => makeReader(modules).readFile(`${folder}none.conf`, root), {
      message: `open() "${folder}none.conf" failed (2: No such file or directory)`,
    });
  });
});
