/** The `rewrite` directive: another path, other arguments, or a redirect. */
import { type Directive, fail, type Scope } from '../config/directive.ts';
import { parseValue, type ValuePart } from '../config/values.ts';
import { type HttpLoad, httpLoadOf } from '../http/load.ts';
import { compileMatcher, type Matcher } from '../http/matcher.ts';
import { DECLINED, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Getter } from '../http/script.ts';
import { ERROR, NOTICE } from '../log/error-log.ts';
import { CONTINUE, type Code, type CompileCode, captureForArgs } from './rewrite-code.ts';
import { unescapeRedirect } from './rewrite-escape.ts';

/** What a `rewrite` line says. */
interface Rewrite {
  readonly pattern: string;
  readonly matcher: Matcher;
  /** Replacement without the final `?`. */
  readonly parts: readonly ValuePart[];
  /** Whether the request's own arguments follow the new ones. */
  readonly addsArgs: boolean;
  /** 301 or 302, or 0 where the request stays inside. */
  readonly status: number;
  readonly isBreak: boolean;
  /** Whether the list of codes ends here. */
  readonly isLast: boolean;
}

const ABSOLUTE = /^(http:\/\/|https:\/\/|\$scheme)/;

/** Reads a `rewrite` line (ngx_http_rewrite). */
export function readRewrite(directive: Directive, scope: Scope): CompileCode {
  const [pattern = '', replacement = '', flag] = directive.args;
  if (replacement === '') fail(directive, 'empty replacement');
  const matcher = compileMatcher(pattern, false, httpLoadOf(scope), directive);
  const addsArgs = !replacement.endsWith('?');
  const text = addsArgs ? replacement : replacement.slice(0, -1);
  const isAbsolute = ABSOLUTE.test(text);
  if (flag !== undefined && !FLAGS.has(flag)) fail(directive, `invalid parameter "${flag}"`);
  const status = flag === 'permanent' ? 301 : flag === 'redirect' || isAbsolute ? 302 : 0;
  const rewrite: Rewrite = {
    pattern,
    matcher,
    parts: parseValue(text, directive).parts,
    addsArgs,
    status,
    isBreak: flag === 'break',
    isLast: flag !== undefined || isAbsolute,
  };
  return ({ http }) => (status === 0 ? innerCode(rewrite, http) : redirectCode(rewrite, http));
}

const FLAGS: ReadonlySet<string> = new Set(['last', 'break', 'redirect', 'permanent']);

/** Whether the expression matches the path; captures of the last one that did are gone otherwise. */
function matches(r: HttpRequest, rewrite: Rewrite, isTraced: boolean): boolean {
  const isMatch = rewrite.matcher.match(r, r.uri);
  if (isMatch) r.escapesCaptures = false;
  else r.captures = null;
  if (isTraced) traceMatch(r, rewrite.pattern, r.uri, isMatch);
  return isMatch;
}

/** What `rewrite_log` says of an expression. */
export function traceMatch(
  r: HttpRequest,
  pattern: string,
  subject: string,
  isMatch: boolean,
): void {
  r.log(NOTICE, `"${pattern}" ${isMatch ? 'matches' : 'does not match'} "${subject}"`);
}

function redirectCode(rewrite: Rewrite, http: HttpLoad): Code {
  const { parts, addsArgs, status } = rewrite;
  const pieces = piecesOf(parts, true, http);
  const joint = parts.some((part) => part.kind === 'text' && part.text.includes('?')) ? '&' : '?';
  return (r, isTraced) => {
    if (!matches(r, rewrite, isTraced)) return CONTINUE;
    let target = unescapeRedirect(join(pieces, r));
    if (addsArgs && r.args !== '') target += joint + r.args;
    if (isTraced) r.log(NOTICE, `rewritten redirect: "${target}"`);
    r.redirectTo = target;
    return status;
  };
}

function innerCode(rewrite: Rewrite, http: HttpLoad): Code {
  const { addsArgs, isBreak, isLast } = rewrite;
  const [uriParts, argsParts] = cutAtArgs(rewrite.parts);
  const uriPieces = piecesOf(uriParts, false, http);
  const argsPieces = argsParts === undefined ? undefined : piecesOf(argsParts, true, http);
  return (r, isTraced): Verdict => {
    if (!matches(r, rewrite, isTraced)) return CONTINUE;
    const uri = join(uriPieces, r);
    if (argsPieces !== undefined) {
      const args = join(argsPieces, r);
      r.args = addsArgs && r.args !== '' ? `${args}&${r.args}` : args;
      r.hasArgs = true;
    } else if (!addsArgs) r.args = '';
    if (isTraced) r.log(NOTICE, `rewritten data: "${uri}", args: "${r.args}"`);
    if (uri === '') {
      r.uri = uri;
      r.log(ERROR, 'the rewritten URI has a zero length');
      return 500;
    }
    r.uri = uri;
    r.isInternal = true;
    r.isTargetValid = false;
    r.isUriChanged = !isBreak;
    // nginx clears valid_location: proxy_pass must not cut the location's name off this path.
    if (isBreak) r.isLocationValid = false;
    return isLast ? DECLINED : CONTINUE;
  };
}

/** Parts before and after the first `?` written in the replacement; one in a value does not count. */
function cutAtArgs(
  parts: readonly ValuePart[],
): [uri: readonly ValuePart[], args: readonly ValuePart[] | undefined] {
  for (const [index, part] of parts.entries()) {
    if (part.kind !== 'text') continue;
    const mark = part.text.indexOf('?');
    if (mark === -1) continue;
    const before: ValuePart = { kind: 'text', text: part.text.slice(0, mark) };
    const after: ValuePart = { kind: 'text', text: part.text.slice(mark + 1) };
    return [
      [...parts.slice(0, index), before],
      [after, ...parts.slice(index + 1)],
    ];
  }
  return [parts, undefined];
}

type Piece = string | Getter;

/**
 * Captures become escaped again where they go into arguments or a redirect, if the path came escaped
 * (ngx_http_script_copy_capture_code). Variables are taken as they are.
 */
function piecesOf(parts: readonly ValuePart[], escapes: boolean, http: HttpLoad): Piece[] {
  return parts.map((part): Piece => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'variable') return http.getter(part.name);
    const { number } = part;
    if (!escapes) return (r) => r.captures?.[number];
    return (r) => captureForArgs(r, number);
  });
}

function join(pieces: readonly Piece[], r: HttpRequest): string {
  let text = '';
  for (const piece of pieces) text += typeof piece === 'string' ? piece : (piece(r) ?? '');
  return text;
}
