/** Which file answers for a folder: nginx's ngx_http_index_module. */
import {
  type Directive,
  fail,
  HTTP,
  LOCATION,
  ONE_OR_MORE,
  type Scope,
  SERVER,
} from '../config/directive.ts';
import { parseValue } from '../config/values.ts';
import type { CoreConf } from '../http/core-conf.ts';
import { fileInfo } from '../http/file-cache.ts';
import { filePath } from '../http/file-path.ts';
import { isAbsence, logAbsence, textOf } from '../http/file-problem.ts';
import { defineModule } from '../http/module.ts';
import { DECLINED, DONE, type Verdict } from '../http/phases.ts';
import { internalRedirect } from '../http/pipeline.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { ALERT, CRIT, ERROR } from '../log/error-log.ts';

interface IndexConf {
  readonly index: readonly string[];
}

export const index = defineModule<IndexConf>({
  name: 'http_index',
  directives: [{ name: 'index', in: HTTP | SERVER | LOCATION, args: ONE_OR_MORE, set: addNames }],
  defaults: { index: ['index.html'] },
  phases: {
    content(conf, site) {
      const names = conf.index.map((name) => site.value(name));
      const { core } = site.location;
      return (r) => findIndex(r, names, core);
    },
  },
});

function addNames(own: Partial<IndexConf>, directive: Directive, scope: Scope): void {
  const { args } = directive;
  for (const [at, name] of args.entries()) {
    if (name === '') {
      // nginx names the first word, whichever is empty.
      fail(directive, `index "${args[0]}" in "index" directive is invalid`);
    }
    parseValue(name, directive);
    if (name.startsWith('/') && at !== args.length - 1) {
      scope.load.warn('only the last index in "index" directive should be absolute', directive);
    }
  }
  Object.assign(own, { index: [...(own.index ?? []), ...args] });
}

const SLASH = 0x2f;

/** nginx `ngx_http_index_handler`: the first file that is there, by an internal redirect. */
function findIndex(r: HttpRequest, names: readonly Value[], core: CoreConf): Verdict {
  const { uri, method } = r;
  if (uri.charCodeAt(uri.length - 1) !== SLASH) return DECLINED;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return DECLINED;
  const { now } = r.thread.clock;
  let folder: string | undefined;
  let isFolderKnown = false;
  for (const value of names) {
    const name = value.evaluate(r);
    if (name.startsWith('/')) return redirect(r, name);
    folder ??= filePath(r);
    if (folder === undefined) return 500;
    const path = folder + name;
    const { code } = fileInfo(path, core, now);
    if (code === '') return redirect(r, uri + name);
    if (code === 'EACCES' || code === 'ELOOP' || code === 'ENAMETOOLONG') {
      return refuse(r, path, code);
    }
    if (!isFolderKnown) {
      const verdict = checkFolder(r, folder, path, core, now);
      if (verdict !== DECLINED) return verdict;
      isFolderKnown = true;
    }
    if (!isAbsence(code)) {
      r.log(CRIT, `open() "${path}" failed ${textOf(code)}`);
      return 500;
    }
  }
  return DECLINED;
}

function redirect(r: HttpRequest, uri: string): Verdict {
  internalRedirect(r, uri, r.hasArgs ? r.args : undefined);
  return DONE;
}

/** nginx `ngx_http_index_test_dir`: without the folder there is nothing to look for. */
function checkFolder(
  r: HttpRequest,
  path: string,
  tried: string,
  core: CoreConf,
  now: number,
): Verdict {
  const folder = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const { code, isDirectory } = fileInfo(folder, core, now);
  if (code === 'EACCES') return DECLINED;
  if (code === 'ENOENT') return refuse(r, tried, code);
  // A file stands where a folder is named: nginx heard it when it tried the first name.
  if (code === '' && isDirectory) return DECLINED;
  if (code === '' && path.endsWith('/')) return refuse(r, tried, 'ENOTDIR');
  if (code === '') {
    // An alias without a final slash, which the name was put right behind.
    r.log(ALERT, `"${path}" is not a directory`);
    return 500;
  }
  r.log(CRIT, `stat() "${folder}" failed ${textOf(code)}`);
  return 500;
}

/** nginx `ngx_http_index_error`. */
function refuse(r: HttpRequest, path: string, code: string): Verdict {
  if (!isAbsence(code)) {
    r.log(ERROR, `"${path}" is forbidden ${textOf(code)}`);
    return 403;
  }
  logAbsence(r, `"${path}" is not found`, path, code);
  return 404;
}
