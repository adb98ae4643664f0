import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Directive } from './directive.ts';
import {
  anyOf,
  append,
  assign,
  buffers,
  checked,
  confPath,
  flag,
  integerBetween,
  oneOf,
  pair,
  path,
  type SetDirective,
} from './readers.ts';
import { makeLoad, rootScope } from './scope.ts';

const warnings: string[] = [];
const scope = rootScope(
  makeLoad({ prefix: '/p/', confPrefix: '/c/', onWarning: (text) => warnings.push(text) }),
);

/** `own` after a directive `x` was set for each list of arguments. */
function own(set: SetDirective, ...calls: readonly string[][]): object {
  const settings = {};
  for (const args of calls) {
    const directive: Directive = { name: 'x', args, file: 'f', line: 2 };
    set(settings, directive, scope);
  }
  return settings;
}

describe('a reader', () => {
  it('keeps its value under the name of the directive, or another', () => {
    assert.deepEqual(own(assign(flag), ['On']), { x: true });
    assert.deepEqual(own(assign(flag, 'y'), ['off']), { y: false });
  });

  it('takes no second value, even after off and 0', () => {
    const message = '"x" directive is duplicate in f:2';
    assert.throws(() => own(assign(flag), ['off'], ['on']), { message });
    assert.throws(() => own(assign(integerBetween(0, 1)), ['0'], ['x']), { message });
  });

  it('adds to a list', () => {
    assert.deepEqual(own(append(pair), ['a', 'b'], ['c', 'd']), {
      x: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    });
  });

  it('checks what it read', () => {
    const even = checked(integerBetween(0, 9), (value, directive) => {
      if (value % 2 === 1) throw new Error(`${directive.name} is odd`);
    });
    assert.deepEqual(own(assign(even), ['4']), { x: 4 });
    assert.throws(() => own(assign(even), ['3']), { message: 'x is odd' });
    assert.throws(() => own(assign(integerBetween(1, Infinity)), ['0']), {
      message: 'value must be equal to or greater than 1 in f:2',
    });
  });

  it('reads words of a closed set in any case, falsy values too', () => {
    assert.deepEqual(own(assign(oneOf({ off: 0, on: 1 })), ['OFF']), { x: 0 });
    assert.throws(() => own(assign(oneOf({ off: 0 })), ['constructor']), {
      message: 'invalid value "constructor" in f:2',
    });
  });

  it('joins bits of several directives and warns of one named twice', () => {
    warnings.length = 0;
    assert.deepEqual(own(anyOf({ a: 1, b: 2, c: 4 }), ['a', 'B'], ['c', 'a']), { x: 7 });
    assert.deepEqual(warnings, ['duplicate value "a" in f:2']);
  });

  it('reads buffers as a number and a size', () => {
    assert.deepEqual(own(assign(buffers), ['4', '8k']), { x: { count: 4, sizeBytes: 8192 } });
  });

  it('resolves files against one of the two prefixes', () => {
    assert.deepEqual(own(assign(path), ['a']), { x: '/p/a' });
    assert.deepEqual(own(assign(confPath), ['a']), { x: '/c/a' });
    assert.deepEqual(own(assign(path), ['/a']), { x: '/a' });
  });
});
