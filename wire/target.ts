/** The forms of a request-target, RFC 9112 3.2, taken apart. */

/** Parts of a request-target whose form `readRequestHead` has checked. */
export interface Target {
  readonly form: 'origin' | 'absolute' | 'authority' | 'asterisk';
  /** Path as sent, `/` where an absolute form has none, `*` or `` for the last two forms. */
  readonly path: string;
  /** After the first `?` and without a fragment; `undefined` where there is no `?`. */
  readonly query: string | undefined;
  /** `host[:port]` of an absolute or authority form, which overrides Host (RFC 9112 3.2.2). */
  readonly host: string | undefined;
  /** Scheme of an absolute form as sent. */
  readonly scheme: string | undefined;
}

/**
 * Takes a request-target apart. Nothing is decoded; a fragment, which clients must not send, is cut
 * as nginx does.
 */
export function parseTarget(target: string): Target {
  const first = target.charCodeAt(0);
  if (first === 0x2f) return split('origin', target, undefined, undefined);
  if (target === '*') {
    return { form: 'asterisk', path: '*', query: undefined, host: undefined, scheme: undefined };
  }
  const colon = target.indexOf('://');
  if (colon < 1) {
    return { form: 'authority', path: '', query: undefined, host: target, scheme: undefined };
  }
  const end = endOfAuthority(target, colon + 3);
  const host = target.substring(colon + 3, end);
  return split('absolute', target.substring(end), host, target.substring(0, colon));
}

function endOfAuthority(target: string, from: number): number {
  for (let index = from; index < target.length; index++) {
    const code = target.charCodeAt(index);
    if (code === 0x2f || code === 0x3f || code === 0x23) return index;
  }
  return target.length;
}

function split(
  form: 'origin' | 'absolute',
  rest: string,
  host: string | undefined,
  scheme: string | undefined,
): Target {
  const hash = rest.indexOf('#');
  const clean = hash < 0 ? rest : rest.substring(0, hash);
  const mark = clean.indexOf('?');
  const path = mark < 0 ? clean : clean.substring(0, mark);
  const query = mark < 0 ? undefined : clean.substring(mark + 1);
  return { form, path: path === '' ? '/' : path, query, host, scheme };
}
