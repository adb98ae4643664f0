import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CommandLine, readCommandLine } from './command-line.ts';

function read(...words: string[]): CommandLine {
  const line = readCommandLine(words);
  if (typeof line === 'string') assert.fail(line);
  return line;
}

describe("nginx's command line", () => {
  it('takes values glued on or as the next word', () => {
    assert.equal(read('-c', 'a.conf').file, 'a.conf');
    assert.equal(read('-ca.conf').file, 'a.conf');
    assert.equal(read('-p', '/x', '-e', 'stderr').errorLog, 'stderr');
    assert.equal(read('-g', 'daemon off;').directives, 'daemon off;');
  });

  it('takes letters together, a value last', () => {
    const line = read('-tqc', 'x');
    assert.deepEqual([line.tests, line.isQuiet, line.file], [true, true, 'x']);
    const dump = read('-T');
    assert.deepEqual([dump.tests, dump.dumps], [true, true]);
  });

  it('shows versions', () => {
    assert.deepEqual([read('-v').showVersion, read('-v').showConfigure], [true, false]);
    assert.deepEqual([read('-V').showVersion, read('-V').showConfigure], [true, true]);
    for (const word of ['-h', '-?']) assert.ok(read(word).showHelp);
  });

  it('knows four signals', () => {
    for (const word of ['stop', 'quit', 'reopen', 'reload']) {
      assert.equal(read('-s', word).signal, word);
    }
  });

  it("complains in nginx's words", () => {
    assert.equal(readCommandLine(['foo']), 'invalid option: "foo"');
    assert.equal(readCommandLine(['-tx']), 'invalid option: "x"');
    assert.equal(readCommandLine(['-sfoo']), 'invalid option: "-s foo"');
    assert.equal(readCommandLine(['-p']), 'option "-p" requires directory name');
    assert.equal(readCommandLine(['-t', '-c']), 'option "-c" requires file name');
    assert.equal(readCommandLine(['-e']), 'option "-e" requires file name');
    assert.equal(readCommandLine(['-g']), 'option "-g" requires parameter');
    assert.equal(readCommandLine(['-s']), 'option "-s" requires parameter');
  });
});
