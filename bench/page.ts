/** A page of exactly so many bytes. */
export function page(length: number): string {
  return '<!doctype html><title>page</title>\n'.padEnd(length, '0123456789abcde\n');
}
