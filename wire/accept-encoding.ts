/** Which content coding a client takes, RFC 9110 12.5.3, read as nginx reads it. */
import { isSameToken } from './characters.ts';
import { trimSpace } from './token-list.ts';

/**
 * Whether Accept-Encoding allows a coding: its name stands in the list and its weight is above 0.
 * `*` does not count, as in nginx's ngx_http_gzip_accept_encoding; the first mention decides.
 *
 * @param coding lower case, such as `gzip`
 */
export function acceptsCoding(acceptEncoding: string | undefined, coding: string): boolean {
  if (acceptEncoding === undefined || acceptEncoding.length < coding.length) return false;
  let from = 0;
  while (from < acceptEncoding.length) {
    const comma = acceptEncoding.indexOf(',', from);
    const end = comma < 0 ? acceptEncoding.length : comma;
    const semicolon = acceptEncoding.indexOf(';', from);
    const nameEnd = semicolon < 0 || semicolon > end ? end : semicolon;
    if (isSameToken(trimSpace(acceptEncoding.substring(from, nameEnd)), coding)) {
      return nameEnd === end || isWeightPositive(acceptEncoding.substring(nameEnd + 1, end));
    }
    from = end + 1;
  }
  return false;
}

/** RFC 9110 12.4.2: `q=` 0 to 1 with at most three decimals. A malformed weight refuses. */
function isWeightPositive(parameter: string): boolean {
  const text = trimSpace(parameter);
  if (text === '') return true;
  if (!/^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i.test(text)) return false;
  return /[1-9]/.test(text);
}
