/**
 * Runs a request through its phases. A step that waits returns a promise; the pipeline goes on when
 * it settles. See nginx `ngx_http_core_run_phases` and `ngx_http_finalize_request`.
 */
import { escapePath } from '../../wire/escape.ts';
import { ERROR } from '../log/error-log.ts';
import { refuseContent } from './body.ts';
import { logFault } from './fault.ts';
import { filePath } from './file-path.ts';
import { isKeepaliveDisabled } from './keepalive.ts';
import { CLOSE, DECLINED, DONE, OK, type Step, type Verdict } from './phases.ts';
import { clearReply } from './reply.ts';
import type { HttpRequest } from './request.ts';
import { sendSpecialResponse } from './special-response.ts';

// Stages, in order. A stage is done when its steps are used up.
const POST_READ = 0;
const SERVER_REWRITE = 1;
const FIND_CONFIG = 2;
const REWRITE = 3;
const STEPS = 4;

/** Starts a new request at its first phase. */
export function serve(r: HttpRequest): void {
  enter(r, r.server.postRead.length === 0 ? SERVER_REWRITE : POST_READ);
  run(r);
}

function enter(r: HttpRequest, stage: number): void {
  r.stage = stage;
  r.cursor = 0;
}

function stepsOf(r: HttpRequest): readonly Step[] {
  switch (r.stage) {
    case POST_READ:
      return r.server.postRead;
    case SERVER_REWRITE:
      return r.server.serverRewrite;
    case REWRITE:
      return r.location.rewrite;
    default:
      return r.location.steps;
  }
}

function run(r: HttpRequest): void {
  for (;;) {
    if (r.stage === FIND_CONFIG) {
      if (!enterLocation(r)) return;
      continue;
    }
    const steps = stepsOf(r);
    if (r.cursor >= steps.length) {
      if (!leaveStage(r)) return;
      continue;
    }
    const verdict = steps[r.cursor]!(r);
    if (typeof verdict !== 'number') {
      waitFor(r, verdict);
      return;
    }
    if (!goOn(r, verdict)) return;
  }
}

function waitFor(r: HttpRequest, pending: Promise<Verdict>): void {
  const wait = ++r.waits;
  pending.then(
    (verdict) => {
      if (r.isDone || r.waits !== wait) return;
      try {
        if (goOn(r, verdict)) run(r);
      } catch (error) {
        r.threw(error);
      }
    },
    (error: unknown) => r.threw(error),
  );
}

/** Moves the cursor after a verdict; false where the request left the pipeline. */
function goOn(r: HttpRequest, verdict: Verdict): boolean {
  if (verdict === DECLINED) {
    r.cursor++;
    return true;
  }
  if (verdict === DONE) return false;
  if (verdict !== OK) {
    finalize(r, verdict);
    return false;
  }
  if (r.stage === STEPS) {
    r.cursor = r.location.next[r.cursor]!;
    // OK from the content phase: the reply is in somebody's hands.
    return r.cursor !== -1;
  }
  r.cursor = stepsOf(r).length;
  return true;
}

function leaveStage(r: HttpRequest): boolean {
  switch (r.stage) {
    case POST_READ:
      enter(r, SERVER_REWRITE);
      return true;
    case SERVER_REWRITE:
      r.isUriChanged = false;
      enter(r, FIND_CONFIG);
      return true;
    case REWRITE:
      return leaveRewrite(r);
    default:
      finalize(r, contentNotFound(r));
      return false;
  }
}

/** nginx `ngx_http_core_post_rewrite_phase`. */
function leaveRewrite(r: HttpRequest): boolean {
  if (!r.isUriChanged) {
    enter(r, STEPS);
    return true;
  }
  if (r.uriChangesLeft-- === 0) {
    r.log(ERROR, `rewrite or internal redirection cycle while processing "${r.uri}"`);
    finalize(r, 500);
    return false;
  }
  r.isUriChanged = false;
  enter(r, FIND_CONFIG);
  return true;
}

/** nginx `ngx_http_core_find_config_phase`. */
function enterLocation(r: HttpRequest): boolean {
  const { root } = r.server;
  const location = root.tree?.find(r) ?? root;
  r.location = location;
  if (!checkLocation(r)) return false;
  if (location.redirectsToSlash && r.uri.length < location.name.length) {
    r.redirectTo = escapePath(location.name) + (r.args === '' ? '' : `?${r.args}`);
    finalize(r, 301);
    return false;
  }
  enter(r, REWRITE);
  return true;
}

/** Whether the location may be asked for this at all: if not, the answer is under way. */
function checkLocation(r: HttpRequest): boolean {
  const { core } = r.location;
  if (core.internal && !r.isInternal) {
    finalize(r, 404);
    return false;
  }
  r.exchange.times = r.location.times;
  const { keepalive_disable } = core;
  if (keepalive_disable > 1 && isKeepaliveDisabled(r, keepalive_disable))
    r.exchange.keepAlive = false;
  const limit = core.client_max_body_size;
  // Content that was refused before is not held to it again: its error page has to be reached.
  const length = r.content === undefined ? r.head.contentLength : r.content.length;
  if (limit !== 0 && length > limit) {
    r.log(ERROR, `client intended to send too large body: ${length} bytes`);
    r.exchange.keepAlive = false;
    refuseContent(r);
    finalize(r, 413);
    return false;
  }
  return true;
}

/** nginx `ngx_http_core_content_phase`: nobody answered. */
function contentNotFound(r: HttpRequest): number {
  if (r.uri.endsWith('/')) {
    const path = filePath(r);
    if (path !== undefined) r.log(ERROR, `directory index of "${path}" is forbidden`);
    return 403;
  }
  r.log(ERROR, 'no handler found');
  return 404;
}

/**
 * Ends a request with a verdict: OK and DONE leave it to whoever sends the reply, 444 closes, any
 * status is answered, by an error page where there is one.
 */
export function finalize(r: HttpRequest, verdict: Verdict): void {
  if (r.isDone || verdict === OK || verdict === DONE || verdict === DECLINED) return;
  if (verdict === CLOSE || verdict === 408 || verdict === 499) {
    // nginx ngx_http_terminate_request: these are logged, never sent.
    if (!r.isHeadSent) r.status = verdict;
    terminate(r);
    return;
  }
  if (r.isHeadSent) {
    r.abort();
    return;
  }
  r.waits++;
  abandonProducer(r);
  sendSpecialResponse(r, verdict);
}

/** Whoever was producing the reply is replaced by another answer. */
function abandonProducer(r: HttpRequest): void {
  const { producer } = r;
  r.producer = undefined;
  if (producer === undefined) return;
  try {
    producer.abandon('closed');
  } catch (error) {
    logFault(r, error);
  }
}

function terminate(r: HttpRequest): void {
  abandonProducer(r);
  r.isHeadSent = true;
  r.exchange.abort();
}

/**
 * nginx `ngx_http_internal_redirect`: starts again at server_rewrite with another URI. `args` is
 * `undefined` where the URI has no `?`.
 */
export function internalRedirect(r: HttpRequest, uri: string, args: string | undefined): void {
  if (!countRedirect(r, 'internally redirecting to', uri)) return;
  r.uri = uri;
  r.args = args ?? '';
  r.hasArgs = args !== undefined;
  r.isTargetValid = false;
  r.isInternal = true;
  r.isLocationValid = true;
  r.isUriAddedToAlias = false;
  r.isUriChanged = false;
  r.location = r.server.root;
  restartReply(r);
  enter(r, SERVER_REWRITE);
  run(r);
}

/** The same for a target whose arguments stand behind its first `?` (nginx `ngx_http_split_args`). */
export function internalRedirectTo(r: HttpRequest, target: string): void {
  const mark = target.indexOf('?');
  if (mark === -1) internalRedirect(r, target, undefined);
  else internalRedirect(r, target.slice(0, mark), target.slice(mark + 1));
}

/** nginx `ngx_http_named_location`: goes on at the rewrite phase of `@name`. */
export function redirectToNamed(r: HttpRequest, name: string): void {
  if (!countRedirect(r, 'redirect to named location', name)) return;
  const location = r.server.named.get(name);
  if (location === undefined) {
    r.log(ERROR, `could not find named location "${name}"`);
    r.action = '';
    finalize(r, 500);
    return;
  }
  r.isInternal = true;
  r.isUriChanged = false;
  r.location = location;
  r.exchange.times = location.times;
  restartReply(r);
  enter(r, REWRITE);
  run(r);
}

function countRedirect(r: HttpRequest, what: string, target: string): boolean {
  if (--r.uriChangesLeft >= 0) return true;
  r.log(ERROR, `rewrite or internal redirection cycle while ${what} "${target}"`);
  r.action = '';
  // An error page must not be the cycle's way on.
  r.isErrorPage = true;
  finalize(r, 500);
  return false;
}

/** Another location makes the reply. What a status left for its page stays: see `startAnew`. */
function restartReply(r: HttpRequest): void {
  const { extraLines, redirectTo } = r;
  r.action = '';
  clearReply(r);
  r.extraLines = extraLines;
  r.redirectTo = redirectTo;
  abandonProducer(r);
}

/** The log phase: runs once, when the reply is complete or the client is gone. */
export function logRequest(r: HttpRequest): void {
  const steps = r.location.log;
  r.action = 'logging request';
  for (let i = 0; i < steps.length; i++) {
    try {
      steps[i]!(r);
    } catch (error) {
      logFault(r, error);
    }
  }
}
