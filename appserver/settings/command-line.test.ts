import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingError, UsageError } from '../errors.ts';
import { parseCommandLine, splitArguments } from './command-line.ts';
import { MISSING_SETTINGS } from './not-yet.ts';
import { SETTINGS } from './table.ts';

function valuesOf(...args: string[]): Record<string, unknown> {
  return Object.fromEntries(parseCommandLine(args).values);
}

test('an option takes its value attached, after a blank or after an equals sign', () => {
  for (const args of [['-w4'], ['-w', '4'], ['-w=4'], ['--workers=4'], ['--workers', '4']]) {
    assert.deepEqual(valuesOf(...args), { workers: 4 }, args.join(' '));
  }
});

test('bind and env gather every value in order', () => {
  assert.deepEqual(valuesOf('-b', ':1', '--bind=unix:a', '-e', 'A=1'), {
    bind: [':1', 'unix:a'],
    raw_env: ['A=1'],
  });
});

test('arguments that are no options are positionals, a number and a lone dash too', () => {
  const line = parseCommandLine(['app:app', '--access-logfile', '-', '--', '--workers']);
  assert.deepEqual(line.positionals, ['app:app', '--workers']);
  assert.equal(line.values.get('accesslog'), '-');
});

test('umask reads octal with and without the letter', () => {
  assert.deepEqual(valuesOf('-m', '022'), { umask: 18 });
  assert.deepEqual(valuesOf('--umask=0o117'), { umask: 79 });
});

const WRONG: [string[], string][] = [
  [['--foo', 'x'], 'unrecognized arguments: --foo'],
  [['--foo', '--bar=1'], 'unrecognized arguments: --foo --bar=1'],
  [['--workers', 'x'], "argument -w/--workers: invalid int value: 'x'"],
  [['--workers', '0x4'], "argument -w/--workers: invalid int value: '0x4'"],
  [['-m', 'x'], "argument -m/--umask: invalid auto_int value: 'x'"],
  [['--workers'], 'argument -w/--workers: expected one argument'],
  [['-t', '--threads', '2'], 'argument -t/--timeout: expected one argument'],
  [['--check-config=yes'], "argument --check-config: ignored explicit argument 'yes'"],
  [
    ['--worker', '2'],
    'ambiguous option: --worker could match --workers, --worker-connections, --worker-class, --worker-tmp-dir',
  ],
];
for (const [args, message] of WRONG) {
  test(`${args.join(' ')} is refused in argparse's words`, () => {
    assert.throws(() => parseCommandLine(args), new UsageError(message));
  });
}

test('an abbreviation that fits one option is that option', () => {
  assert.deepEqual(valuesOf('--graceful', '5'), { graceful_timeout: 5 });
});

test("a setting of Gunicorn's that is not there is refused by name", () => {
  assert.throws(
    () => parseCommandLine(['--preload', 'app:app']),
    new SettingError('setting "preload_app" (--preload) is not supported yet'),
  );
  assert.throws(
    () => parseCommandLine(['-k', 'gevent']),
    new SettingError('setting "worker_class" (--worker-class) is not supported yet'),
  );
});

test('every name and every option stands in one row only', () => {
  const rows = [...SETTINGS, ...MISSING_SETTINGS];
  const names = rows.map((row) => row.name);
  assert.equal(new Set(names).size, names.length);
  const options = rows.flatMap((row) => row.cli ?? []);
  assert.equal(new Set(options).size, options.length);
});

test('every default passes its own check', () => {
  for (const row of SETTINGS) assert.doesNotThrow(() => row.check(row.default), row.name);
});

test('arguments in a variable are split as a shell splits them', () => {
  const text = `--bind=unix:a.sock  -e "A=b c" --name 'it is' x\\ y`;
  const args = ['--bind=unix:a.sock', '-e', 'A=b c', '--name', 'it is', 'x y'];
  assert.deepEqual(splitArguments(text), args);
  assert.throws(() => splitArguments('--name "open'), new SettingError('No closing quotation'));
});
