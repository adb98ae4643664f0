/** `X-Accel-*` fields, by which an upstream steers the proxy. */
import { fieldValue } from './response-fields.ts';

/** Whether any field begins with `X-Ac`; tells most responses without looking closer. */
export function hasAccel(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (
      name.length >= 15 &&
      (name.charCodeAt(0) | 0x20) === 0x78 &&
      (name.charCodeAt(2) | 0x20) === 0x61 &&
      (name.charCodeAt(3) | 0x20) === 0x63
    ) {
      return true;
    }
  }
  return false;
}

/** Where an X-Accel-Redirect leads; of several the first one counts, as for nginx. */
export function accelRedirect(fields: readonly string[]): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === 16 && name.toLowerCase() === 'x-accel-redirect') return fields[i + 1];
  }
  return undefined;
}

/** What X-Accel-Buffering says: `yes`, `no`, or nothing that counts. */
export function accelBuffering(fields: readonly string[]): boolean | undefined {
  const value = fieldValue(fields, 'x-accel-buffering')?.toLowerCase();
  if (value === 'yes') return true;
  return value === 'no' ? false : undefined;
}
