/** Debian's Chromium for the tests that look at pages as people do. */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/**
 * Why browser tests cannot run here, for the `skip` option of a test; false where they can. With
 * CI=true it is always false, so that a missing browser fails.
 */
export const chromiumSkip: string | false =
  existsSync(EXECUTABLE) || process.env['CI'] === 'true'
    ? false
    : `SKIPPED: ${EXECUTABLE} is missing; \`npm run peers\` installs it`;

/** Starts a headless browser that asks for nothing but what the test asks for. The caller closes it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
