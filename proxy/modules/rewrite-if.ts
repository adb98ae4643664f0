/** Conditions of `if`. Texts and rules are those of nginx's ngx_http_rewrite_if_condition. */
import { statSync } from 'node:fs';
import { type Directive, fail, type Scope } from '../config/directive.ts';
import { codeOf, systemFailure } from '../config/paths.ts';
import { type HttpLoad, httpLoadOf } from '../http/load.ts';
import { compileMatcher } from '../http/matcher.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { CRIT } from '../log/error-log.ts';
import { checkWord, escapedCapture } from './rewrite-code.ts';
import { traceMatch } from './rewrite-uri.ts';

/** Whether the block applies; `isTraced` as for codes. */
export type Condition = (r: HttpRequest, isTraced: boolean) => boolean;

/** Makes the condition when all variables are known. */
export type CompileCondition = (http: HttpLoad) => Condition;

/** Reads the words between the parentheses. Throws nginx's `invalid condition "x"`. */
export function readCondition(directive: Directive, scope: Scope): CompileCondition {
  const words = innerWords(directive);
  const [first = ''] = words;
  if (first.length > 1 && first.startsWith('$')) return ofVariable(words, directive, scope);
  if (/^!?-.$/s.test(first)) return ofFile(words, directive);
  return fail(directive, `invalid condition "${first}"`);
}

/** Takes the parentheses off, which may stand alone or at the words. */
function innerWords(directive: Directive): readonly string[] {
  const words = [...directive.args];
  const opening = words[0]!;
  if (!opening.startsWith('(')) fail(directive, `invalid condition "${opening}"`);
  if (opening === '(') words.shift();
  else words[0] = opening.slice(1);
  const closing = words.at(-1) ?? '';
  if (!closing.endsWith(')')) fail(directive, `invalid condition "${closing || opening}"`);
  if (closing !== ')') words[words.length - 1] = closing.slice(0, -1);
  else if (words.length > 1) words.pop();
  return words;
}

function ofVariable(
  words: readonly string[],
  directive: Directive,
  scope: Scope,
): CompileCondition {
  const [variable = '', operator = '', operand = ''] = words;
  if (words.length !== 1 && words.length !== 3) {
    fail(directive, `invalid condition "${variable}"`);
  }
  const name = variable.slice(1).toLowerCase();
  if (words.length === 1) return (http) => isTruthy(http, name);
  if (operator === '=' || operator === '!=') {
    checkWord(operand, directive);
    const isWanted = operator === '=';
    return (http) => isEqual(http, name, http.value(operand, directive, escapedCapture), isWanted);
  }
  if (/^!?~\*?$/.test(operator)) return ofExpression(name, operator, operand, directive, scope);
  return fail(directive, `unexpected "${operator}" in condition`);
}

function isTruthy(http: HttpLoad, name: string): Condition {
  const get = http.getter(name);
  return (r) => {
    const value = get(r);
    return value !== undefined && value !== '' && value !== '0';
  };
}

function isEqual(http: HttpLoad, name: string, other: Value, isWanted: boolean): Condition {
  const get = http.getter(name);
  return (r) => ((get(r) ?? '') === other.evaluate(r)) === isWanted;
}

function ofExpression(
  name: string,
  operator: string,
  pattern: string,
  directive: Directive,
  scope: Scope,
): CompileCondition {
  const isWanted = !operator.startsWith('!');
  const matcher = compileMatcher(pattern, operator.endsWith('*'), httpLoadOf(scope), directive);
  return (http) => {
    const get = http.getter(name);
    return (r, isTraced) => {
      const subject = get(r) ?? '';
      const isMatch = matcher.match(r, subject);
      if (!isMatch) r.captures = null;
      if (isTraced) traceMatch(r, pattern, subject, isMatch);
      return isMatch === isWanted;
    };
  };
}

type FileTest = 'f' | 'd' | 'e' | 'x';

function ofFile(words: readonly string[], directive: Directive): CompileCondition {
  const [operator = '', word = ''] = words;
  if (words.length !== 2) fail(directive, `invalid condition "${operator}"`);
  checkWord(word, directive);
  const isWanted = !operator.startsWith('!');
  const test = operator.at(-1)!;
  if (test !== 'f' && test !== 'd' && test !== 'e' && test !== 'x') {
    fail(directive, `invalid condition "${operator}"`);
  }
  return (http) => {
    const path = http.value(word, directive, escapedCapture);
    return (r) => testFile(r, path.evaluate(r), test) === isWanted;
  };
}

/** nginx `ngx_http_script_file_code`: links are followed. */
function testFile(r: HttpRequest, path: string, test: FileTest): boolean {
  try {
    const stat = statSync(Buffer.from(path, 'latin1'));
    if (test === 'f') return stat.isFile();
    if (test === 'd') return stat.isDirectory();
    if (test === 'x') return (stat.mode & OWNER_MAY_EXECUTE) !== 0;
    return stat.isFile() || stat.isDirectory();
  } catch (error) {
    if (!ABSENT.has(codeOf(error))) r.log(CRIT, systemFailure('stat', path, error));
    return false;
  }
}

const OWNER_MAY_EXECUTE = 0o100;
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
