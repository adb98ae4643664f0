/**
 * Rewriting of requests: nginx's ngx_http_rewrite_module. `set`, `rewrite`, `if`, `return` and `break`
 * run in the order of the file, first those of the server, then those of the location found.
 */
import {
  type Directive,
  HTTP,
  LOCATION,
  LOCATION_IF,
  ONE_OR_MORE,
  type Scope,
  SERVER,
  SERVER_IF,
} from '../config/directive.ts';
import { assign, flag } from '../config/readers.ts';
import { innerScope } from '../config/scope.ts';
import { variableName } from '../config/values.ts';
import { httpLoadOf } from '../http/load.ts';
import { type CompileSite, defineModule } from '../http/module.ts';
import { DECLINED, type Step } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import { WARN } from '../log/error-log.ts';
import {
  CONTINUE,
  type Code,
  type CompileCode,
  checkWord,
  escapedCapture,
  runCodes,
} from './rewrite-code.ts';
import { readCondition } from './rewrite-if.ts';
import { readReturn } from './rewrite-return.ts';
import { readRewrite } from './rewrite-uri.ts';

interface Conf {
  /** What stands in this block, in order; never inherited. */
  readonly codes: readonly CompileCode[];
  readonly rewrite_log: boolean;
  readonly uninitialized_variable_warn: boolean;
}

type Own = Partial<Conf>;

const IN_CODE = SERVER | SERVER_IF | LOCATION | LOCATION_IF;
const ANYWHERE = HTTP | IN_CODE;

export const rewrite = defineModule<Conf>({
  name: 'http_rewrite',
  directives: [
    { name: 'rewrite', in: IN_CODE, args: [2, 3], set: adds(readRewrite) },
    { name: 'return', in: IN_CODE, args: [1, 2], set: adds(readReturn) },
    { name: 'break', in: IN_CODE, args: [0, 0], set: adds(() => () => breakOff) },
    { name: 'set', in: IN_CODE, args: [2, 2], set: adds(readSet) },
    { name: 'if', in: SERVER | LOCATION, args: ONE_OR_MORE, open: openIf },
    { name: 'rewrite_log', in: ANYWHERE, args: 'flag', set: assign(flag) },
    { name: 'uninitialized_variable_warn', in: ANYWHERE, args: 'flag', set: assign(flag) },
  ],
  defaults: { codes: [], rewrite_log: false, uninitialized_variable_warn: true },
  merge(own, outer) {
    const isSaid = Object.keys(own).length > 0 || outer.codes.length > 0;
    return isSaid ? { ...outer, ...own, codes: own.codes ?? [] } : outer;
  },
  phases: {
    server_rewrite: stepFor,
    // A request that found no location has the server's own, whose codes ran already; the codes of
    // an `if` block run as part of those around it.
    rewrite: (conf, site) =>
      site.location.kind === 'server' || site.location.kind === 'nameless'
        ? undefined
        : stepFor(conf, site),
  },
});

function adds(read: (directive: Directive, scope: Scope) => CompileCode) {
  return (own: Own, directive: Directive, scope: Scope): void => {
    addCode(own, read(directive, scope));
  };
}

function addCode(own: Own, code: CompileCode): void {
  Object.assign(own, { codes: [...(own.codes ?? []), code] });
}

function stepFor(conf: Conf, site: CompileSite): Step | undefined {
  if (conf.codes.length === 0) return undefined;
  const codes = conf.codes.map((compile) => compile(site));
  const isTraced = conf.rewrite_log;
  return (r) => {
    r.escapesCaptures = true;
    const verdict = runCodes(codes, r, isTraced);
    return verdict === CONTINUE ? DECLINED : verdict;
  };
}

/** nginx `ngx_http_script_break_code`. */
function breakOff(r: HttpRequest): number {
  if (r.isUriChanged) {
    r.isUriChanged = false;
    r.isLocationValid = false;
  }
  return DECLINED;
}

function readSet(directive: Directive, scope: Scope): CompileCode {
  const [variable = '', word = ''] = directive.args;
  const name = variableName(variable, directive);
  const set = httpLoadOf(scope).variables.defineSettable(name, directive, (r) => {
    if (r.location.conf(rewrite).uninitialized_variable_warn) {
      r.log(WARN, `using uninitialized "${name}" variable`);
    }
    return '';
  });
  checkWord(word, directive);
  return (site) => {
    const value = site.http.value(word, directive, escapedCapture);
    return (r) => {
      set(r, value.evaluate(r));
      return CONTINUE;
    };
  };
}

/** An `if` block: its codes run where it stands, its settings hold for the rest of the request. */
function openIf(own: Own, directive: Directive, scope: Scope): Scope {
  const condition = readCondition(directive, scope);
  const isInServer = scope.context === SERVER;
  const inner = innerScope(isInServer ? SERVER_IF : LOCATION_IF, scope);
  addCode(own, (site) => {
    const applies = condition(site.http);
    const codes = (inner.own<Conf>(rewrite).codes ?? []).map((compile) => compile(site));
    // In a server nothing but codes may stand inside; nginx changes no settings there.
    return isInServer ? ifInServer(applies, codes) : ifInLocation(applies, codes, site, inner);
  });
  return inner;
}

type Applies = (r: HttpRequest, isTraced: boolean) => boolean;

function ifInServer(applies: Applies, codes: readonly Code[]): Code {
  return (r, isTraced) => (applies(r, isTraced) ? runCodes(codes, r, isTraced) : CONTINUE);
}

/** nginx `ngx_http_script_if_code`: the nameless location takes the place of the one around it. */
function ifInLocation(
  applies: Applies,
  codes: readonly Code[],
  site: CompileSite,
  inner: Scope,
): Code {
  const location = site.inner(inner);
  return (r, isTraced) => {
    if (!applies(r, isTraced)) return CONTINUE;
    r.location = location;
    r.exchange.times = location.times;
    return runCodes(codes, r, isTraced);
  };
}
