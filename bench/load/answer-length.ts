/** How long an answer is, from its first bytes. */

/**
 * Bytes of the whole answer whose head `text` begins with: 0 while the head is not complete, -1
 * where it has no Content-Length.
 */
export function answerBytes(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const match = /\r\ncontent-length: *(\d+) *\r\n/i.exec(text.slice(0, headEnd + 2));
  return match === null ? -1 : headEnd + 4 + Number(match[1]);
}
