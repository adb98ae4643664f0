/** `X-Accel-*` fields, by which an upstream steers the proxy. */
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

/** What X-Accel-Buffering says: `yes`, `no`, or nothing that counts. Of several the last one counts. */
export function accelBuffering(fields: readonly string[]): boolean | undefined {
  let isOn: boolean | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() !== 'x-accel-buffering') continue;
    const value = fields[i + 1]!.toLowerCase();
    if (value === 'yes') isOn = true;
    else if (value === 'no') isOn = false;
  }
  return isOn;
}
