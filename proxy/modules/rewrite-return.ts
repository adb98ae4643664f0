/** The `return` directive: a status, a text, or a redirect. */
import { type Directive, fail } from '../config/directive.ts';
import { parseNumber } from '../config/units.ts';
import { discardContent } from '../http/body.ts';
import { mediaType } from '../http/media-type.ts';
import { DONE, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { type CompileCode, checkWord } from './rewrite-code.ts';

const URL_START = /^(http:\/\/|https:\/\/|\$scheme)/;

/** Reads `return code [text]`, `return code URL` or `return URL` (ngx_http_rewrite_return). */
export function readReturn(directive: Directive): CompileCode {
  const [first = '', second] = directive.args;
  const status = parseNumber(first);
  if (status === undefined && second === undefined && URL_START.test(first)) {
    return sender(302, checkWord(first, directive), directive);
  }
  if (status === undefined || status > 999) fail(directive, `invalid return code "${first}"`);
  // From 400 up a status without a text is answered as any error is; 444 closes the connection.
  if (status >= 400 && (second === undefined || second === '')) return () => () => status;
  return sender(status, checkWord(second ?? '', directive), directive);
}

function sender(status: number, word: string, directive: Directive): CompileCode {
  return (site) => {
    const value = site.value(word, directive);
    if (isRedirect(status)) {
      return (r) => {
        // nginx sends it as it sends a text, so malformed content comes first.
        if (!discardContent(r)) return 400;
        r.status = status;
        r.redirectTo = value.evaluate(r);
        return status;
      };
    }
    return (r) => sendText(r, status, value);
  };
}

function isRedirect(status: number): boolean {
  return (status >= 301 && status <= 303) || status === 307 || status === 308;
}

/** nginx `ngx_http_send_response`: the type is that of the path, as if it were a file. */
function sendText(r: HttpRequest, status: number, value: Value): Verdict {
  // Before the text is made: it may name `$status`.
  r.status = status;
  const text = value.evaluate(r);
  r.contentType = status === 204 ? '' : mediaType(r.uri, r.location.core);
  r.sendWhole(text);
  return DONE;
}
