import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Command, CommandError, runCommand } from './commands.ts';

/** Runs `args` on a table of two commands; what they were given is in `ran`. */
async function run(t: TestContext, ...args: readonly string[]) {
  const ran: unknown[] = [];
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    t.mock.method(process[stream], 'write', (text: string) => {
      said[stream] += text;
      return true;
    });
  }
  const commands: readonly Command[] = [
    {
      name: 'greet',
      help: 'say hello',
      options: {
        loud: { short: 'l', help: 'in capitals' },
        times: { value: 'N', help: 'how often' },
      },
      parameters: [{ name: 'who' }, { name: 'from', isOptional: true }],
      run: async (given) => void ran.push({ ...given, options: { ...given.options } }),
    },
    {
      name: 'fail',
      help: 'never works',
      run: async () => {
        throw new CommandError('out of luck');
      },
    },
  ];
  const code = await runCommand(commands, args);
  t.mock.restoreAll();
  return { code, ran, ...said };
}

test('options and parameters reach the command', async (t) => {
  const { code, ran } = await run(t, 'greet', '-l', 'Ada', '--times', '3', 'Bob');
  assert.deepEqual(ran, [{ options: { loud: true, times: '3' }, parameters: ['Ada', 'Bob'] }]);
  assert.equal(code, 0);
  const dashed = await run(t, 'greet', '--times=2', '--', '--loud');
  assert.deepEqual(dashed.ran, [{ options: { times: '2' }, parameters: ['--loud'] }]);
});

test('arguments that a command does not take are named, and it does not run', async (t) => {
  for (const [args, message] of [
    [['greet', 'Ada', '--lout'], /^"greet": unknown option '--lout'\n$/],
    [['greet', 'Ada', '-x'], /^"greet": unknown option '-x'\n$/],
    [['greet', 'Ada', '--times'], /^"greet": option '--times <value>' argument missing\n$/],
    [['greet', 'Ada', '--loud=1'], /^"greet": option '-l, --loud' does not take an argument\n$/],
    [['greet'], /^"greet" requires <who>\n$/],
    [['greet', 'a', 'b', 'c'], /^"greet" takes at most 2, got "a b c"\n$/],
    [['fail', 'x'], /^"fail" takes no arguments, got "x"\n$/],
  ] as const) {
    const { code, ran, stderr } = await run(t, ...args);
    assert.match(stderr, message);
    assert.deepEqual([code, ran], [1, []]);
  }
});

test('help tells the parameters and options of one command', async (t) => {
  const usage = await run(t, 'help', 'greet');
  assert.equal(usage.code, 0);
  assert.equal(
    usage.stdout,
    `usage: npm run manage -- greet [options] <who> [from]

say hello

options:
  -l, --loud  in capitals
  --times N   how often
  -h, --help  show this text
`,
  );
  assert.deepEqual((await run(t, 'greet', '--help')).stdout, usage.stdout);
  assert.deepEqual((await run(t, 'greet', '-h')).ran, []);
  const unknown = await run(t, 'help', 'meet');
  assert.match(unknown.stderr, /^unknown command "meet"/);
  assert.equal(unknown.code, 1);
});

test('what a user can mend is said without a stack', async (t) => {
  const { code, stderr } = await run(t, 'fail');
  assert.deepEqual([code, stderr], [1, 'out of luck\n']);
});
