/** Entity tags, RFC 9110 8.8.3, and the conditions on them, 13.1.1 and 13.1.2. */

const QUOTE = 0x22;

/**
 * The tag nginx gives a file: modification time and size, hexadecimal (ngx_http_set_etag).
 *
 * @param seconds modification time in whole seconds
 * @param bytes size
 */
export function fileEtag(seconds: number, bytes: number): string {
  return `"${seconds.toString(16)}-${bytes.toString(16)}"`;
}

function isWeak(etag: string): boolean {
  return etag.startsWith('W/');
}

/** Same tag and neither weak, RFC 9110 8.8.3.2. */
export function isStrongMatch(one: string, other: string): boolean {
  return one === other && !isWeak(one);
}

/** Same opaque tag, weak or not. */
export function isWeakMatch(one: string, other: string): boolean {
  return one === other || opaque(one) === opaque(other);
}

function opaque(etag: string): string {
  return isWeak(etag) ? etag.substring(2) : etag;
}

/**
 * The tag as it must read once the content was transformed, such as by gzip: weak. What is no tag at
 * all cannot be made one and gives '' (nginx `ngx_http_weak_etag`).
 */
export function weaken(etag: string): string {
  if (isWeak(etag)) return etag;
  return etag.charCodeAt(0) === QUOTE ? `W/${etag}` : '';
}

/**
 * Whether If-Match lists the tag (strong comparison) or is `*`.
 *
 * @param etag of the response, `undefined` where it has none
 */
export function matchesIfMatch(list: string, etag: string | undefined): boolean {
  return list === '*' || (etag !== undefined && !isWeak(etag) && holds(list, etag, false));
}

/** Whether If-None-Match lists the tag (weak comparison) or is `*`. */
export function matchesIfNoneMatch(list: string, etag: string | undefined): boolean {
  return list === '*' || (etag !== undefined && holds(list, opaque(etag), true));
}

/** Whether a list of tags holds one; a comma inside quotes does not part, as in the grammar. */
function holds(list: string, wanted: string, ignoresWeak: boolean): boolean {
  let index = 0;
  while (index < list.length) {
    while (index < list.length && ', \t'.includes(list[index]!)) index++;
    const isWeakHere = list.startsWith('W/', index);
    const start = isWeakHere ? index + 2 : index;
    const end = endOfElement(list, start);
    const isComparable = ignoresWeak || !isWeakHere;
    if (isComparable && end - start === wanted.length && list.startsWith(wanted, start))
      return true;
    index = Math.max(end, index + 1);
    while (index < list.length && list[index] !== ',') index++;
  }
  return false;
}

/** One past a quoted tag, or past what stands before the next comma where it is not quoted. */
function endOfElement(list: string, start: number): number {
  if (list.charCodeAt(start) === QUOTE) {
    const close = list.indexOf('"', start + 1);
    if (close >= 0) return close + 1;
  }
  const comma = list.indexOf(',', start);
  return comma < 0 ? list.length : comma;
}
