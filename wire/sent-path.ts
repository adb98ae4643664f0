/** How the client wrote the path: what it escaped decides what is escaped again. */

const PERCENT = 0x25;
const PLUS = 0x2b;
const QUESTION = 0x3f;
const HASH = 0x23;

/** Whether the path of a request-target held an escape (nginx `quoted_uri`). */
export function wasEscaped(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code === PERCENT) return true;
    if (code === QUESTION || code === HASH) return false;
  }
  return false;
}

/** Whether the path of a request-target held an escape or a plus (nginx `quoted_uri || plus_in_uri`). */
export function hadEscapeOrPlus(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code === PERCENT || code === PLUS) return true;
    if (code === QUESTION || code === HASH) return false;
  }
  return false;
}
