// biome-ignore-all lint/suspicious/noTemplateCurlyInString: nginx spells variables so
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseValue, variableName } from './values.ts';

const at = { file: 'f', line: 7 };

/** Parts in short: `text`, `$name`, `$1`. */
function parts(word: string): string[] {
  return parseValue(word, at).parts.map((part) => {
    if (part.kind === 'text') return part.text;
    return `$${part.kind === 'variable' ? part.name : part.number}`;
  });
}

describe('a word with variables', () => {
  it('is cut into text, variables and captures', () => {
    assert.deepEqual(parts('a$name${b}c$1'), ['a', '$name', '$b', 'c', '$1']);
    assert.deepEqual(parts('$a$b'), ['$a', '$b']);
    assert.deepEqual(parts('$a-b.c'), ['$a', '-b.c']);
    assert.deepEqual(parts('$1st$10'), ['$1', 'st', '$1', '0']);
    assert.deepEqual(parts('${1}x$0'), ['$1', 'x', '$0']);
  });

  it('looks variables up in lower case', () => {
    assert.deepEqual(parts('$Http_HOST'), ['$http_host']);
  });

  it('is constant where it has none', () => {
    assert.equal(parseValue('a{b}', at).constant, 'a{b}');
    assert.equal(parseValue('', at).constant, '');
    assert.equal(parseValue('$a', at).constant, undefined);
  });

  it('knows its highest capture', () => {
    assert.equal(parseValue('$2$1', at).highestCapture, 2);
    assert.equal(parseValue('$a', at).highestCapture, 0);
  });

  it('is refused where a dollar names nothing', () => {
    for (const word of ['$', 'a$', '$-', 'a$ b', '${', '${}', '$$a']) {
      assert.throws(() => parseValue(word, at), { message: 'invalid variable name in f:7' }, word);
    }
    assert.throws(() => parseValue('${ab-c}', at), {
      message: 'the closing bracket in "ab" variable is missing in f:7',
    });
  });
});

describe('the name of a variable', () => {
  it('needs its dollar', () => {
    assert.equal(variableName('$Ab', at), 'ab');
    assert.throws(() => variableName('ab', at), { message: 'invalid variable name "ab" in f:7' });
    assert.throws(() => variableName('$', at), { message: 'invalid variable name "$" in f:7' });
  });
});
