/** Field lines of a reply as text: `Name: value` CRLF, one after the other. */

/** The lines without those of the given names (lower case). */
export function dropLines(lines: string, names: readonly string[]): string {
  if (lines === '' || !names.some((name) => findLine(lines, name) !== -1)) return lines;
  let kept = '';
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at) + 2;
    const name = lines.slice(at, lines.indexOf(':', at)).toLowerCase();
    if (!names.includes(name)) kept += lines.slice(at, end);
    at = end;
  }
  return kept;
}

/** The value of the first line of that name (lower case), or `undefined`. */
export function lineValue(lines: string, name: string): string | undefined {
  const at = findLine(lines, name);
  if (at === -1) return undefined;
  return lines.slice(at + name.length + 1, lines.indexOf('\r\n', at)).trim();
}

/** Where the line of that name begins, or -1. */
function findLine(lines: string, name: string): number {
  for (let at = 0; at < lines.length; at = lines.indexOf('\r\n', at) + 2) {
    const isLongEnough = lines.charCodeAt(at + name.length) === COLON;
    if (isLongEnough && lines.slice(at, at + name.length).toLowerCase() === name) return at;
  }
  return -1;
}

const COLON = 0x3a;
