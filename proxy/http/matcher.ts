/** Regular expressions of locations, server names, rewrites and `if`: captures and named captures. */
import type { Place } from '../config/directive.ts';
import { compileRegex, type Regex } from '../config/regex.ts';
import { ERROR } from '../log/error-log.ts';
import type { HttpLoad } from './load.ts';
import type { HttpRequest } from './request.ts';
import type { Setter } from './variables.ts';

/** An expression as a request meets it: a match puts its captures into the request. */
export class Matcher {
  readonly regex: Regex;
  private readonly named: readonly { readonly number: number; readonly set: Setter }[];

  constructor(regex: Regex, named: readonly { readonly number: number; readonly set: Setter }[]) {
    this.regex = regex;
    this.named = named;
  }

  /** Tries the subject; a subject too long for the expression does not match and is logged. */
  match(r: HttpRequest, subject: string): boolean {
    const { regex } = this;
    if (subject.length > regex.subjectLimit) {
      r.log(
        ERROR,
        `"${regex.pattern}" is not tried on ${subject.length} bytes, it could take too long`,
      );
      return false;
    }
    const found = regex.exec(subject);
    if (found === null) return false;
    r.captures = found;
    for (const { number, set } of this.named) set(r, found[number] ?? '');
    return true;
  }
}

/** Compiles a pattern; its named captures become variables. Throws ConfigError. */
export function compileMatcher(
  pattern: string,
  isCaseless: boolean,
  http: HttpLoad,
  at: Place,
): Matcher {
  const regex = compileRegex(pattern, isCaseless, at);
  const named = regex.names.map(([name, number]) => ({
    number,
    set: http.variables.define(name.toLowerCase(), at),
  }));
  return new Matcher(regex, named);
}
