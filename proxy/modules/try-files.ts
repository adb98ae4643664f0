/** Tries files in turn, then goes elsewhere: nginx's ngx_http_try_files_module. */
import { type Directive, fail, failDirective, LOCATION, SERVER } from '../config/directive.ts';
import { systemErrorText } from '../config/paths.ts';
import { parseNumber } from '../config/units.ts';
import { parseValue } from '../config/values.ts';
import { type CoreConf, WHOLE_URI } from '../http/core-conf.ts';
import { fileInfo } from '../http/file-cache.ts';
import { filePath } from '../http/file-path.ts';
import { isAbsence } from '../http/file-problem.ts';
import type { Location } from '../http/location.ts';
import { type CompileSite, defineModule } from '../http/module.ts';
import { DECLINED, DONE, type Step, type Verdict } from '../http/phases.ts';
import { internalRedirectTo, redirectToNamed } from '../http/pipeline.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { CRIT } from '../log/error-log.ts';

interface TryFilesConf {
  /** Names as written, the last one being where to go; empty where the directive is not given. */
  readonly try_files: readonly string[];
}

interface Candidate {
  readonly value: Value;
  /** Whether a folder is wanted (the name ends with a slash). */
  readonly isFolder: boolean;
}

export const tryFiles = defineModule<TryFilesConf>({
  name: 'http_try_files',
  directives: [
    {
      name: 'try_files',
      in: SERVER | LOCATION,
      args: [2, Number.POSITIVE_INFINITY],
      set: setFiles,
    },
  ],
  defaults: { try_files: [] },
  // nginx does not inherit it: ngx_http_try_files_module has no merge.
  merge: (own, outer) =>
    own.try_files === undefined && outer.try_files.length === 0
      ? outer
      : { try_files: own.try_files ?? [] },
  phases: { precontent: (conf, site) => makeStep(conf.try_files, site) },
});

function setFiles(own: Partial<TryFilesConf>, directive: Directive): void {
  if (own.try_files !== undefined) failDirective(directive, 'is duplicate');
  const last = directive.args.at(-1)!;
  if (last.startsWith('=')) {
    const status = parseNumber(last.slice(1));
    if (status === undefined || status > 999) fail(directive, `invalid code "${last}"`);
  }
  for (const word of directive.args) parseValue(word, directive);
  Object.assign(own, { try_files: directive.args });
}

function makeStep(words: readonly string[], site: CompileSite): Step | undefined {
  const last = words.at(-1);
  if (last === undefined) return undefined;
  const candidates = words.slice(0, -1).map((word) => ({
    value: site.value(word.endsWith('/') ? word.slice(0, -1) : word),
    isFolder: word.endsWith('/'),
  }));
  const status = last.startsWith('=') ? Number(last.slice(1)) : 0;
  const fallback = site.value(last);
  const { location } = site;
  const { core } = location;
  return (r) => {
    if (core.alias !== undefined && filePath(r) === undefined) return 500;
    if (tryEach(r, candidates, location)) return DECLINED;
    return status === 0 ? goElsewhere(r, nameOf(r, fallback, aliased(r, core))) : status;
  };
}

/** nginx `ngx_http_try_files_handler`: the URI becomes the first name that is there. */
function tryEach(r: HttpRequest, candidates: readonly Candidate[], location: Location): boolean {
  const { core } = location;
  const base = location.root.evaluate(r);
  const prefix = aliased(r, core);
  for (const { value, isFolder } of candidates) {
    const name = nameOf(r, value, prefix);
    const found = fileInfo(base + name, core, r.thread.clock.now);
    if (found.code !== '') {
      if (!isAbsence(found.code)) logProblem(r, base + name, found.code);
      continue;
    }
    if (found.isDirectory !== isFolder) continue;
    // The client's own target stays what proxy_pass sends on: nginx keeps valid_unparsed_uri.
    if (core.alias?.length !== WHOLE_URI) r.uri = prefix + name;
    else if (!isFolder) {
      r.uri = name;
      r.isUriAddedToAlias = true;
    }
    return true;
  }
  return false;
}

/** What of the URI the alias stands for. */
function aliased(r: HttpRequest, { alias }: CoreConf): string {
  return alias === undefined || alias.length === WHOLE_URI ? '' : r.uri.slice(0, alias.length);
}

/** `$uri` begins with what the alias stands for, which is taken off; a plain name does not. */
function nameOf(r: HttpRequest, value: Value, prefix: string): string {
  const name = value.evaluate(r);
  const isCut = value.constant === undefined && name.startsWith(prefix);
  return isCut ? name.slice(prefix.length) : name;
}

function logProblem(r: HttpRequest, path: string, code: string): void {
  const error = Object.assign(new Error(), { code });
  r.log(CRIT, `stat() "${path}" failed ${systemErrorText(error)}`);
}

/** The last word: a named location, or a URI, whose arguments are its own alone. */
function goElsewhere(r: HttpRequest, target: string): Verdict {
  if (target.startsWith('@')) {
    redirectToNamed(r, target);
    return DONE;
  }
  internalRedirectTo(r, target);
  return DONE;
}
