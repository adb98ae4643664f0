/** What was thrown, for a log. */
import { inspect } from 'node:util';

/** With its stack and causes. Never throws, however odd the value is. */
export function showError(error: unknown): string {
  try {
    return inspect(error);
  } catch {
    return 'an error that cannot be shown';
  }
}
