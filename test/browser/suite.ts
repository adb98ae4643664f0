/** A suite of tests that look at a running site in Chromium. */
import { after, before, suite } from 'node:test';
import type { Browser } from 'playwright-core';
import { chromiumSkip, launchChromium } from '../harness/chromium.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { addStaff } from './visit.ts';

/** What the tests of one suite share. It is there while they run. */
export interface BrowserSite {
  readonly stack: Stack;
  readonly browser: Browser;
}

/** One for all suites of a process: `npm test` runs them in one. */
let chromium: Promise<Browser> | undefined;

after(async () => (await chromium)?.close());

/** The tests of `define`, with a site of their own on which ada is staff; skipped loudly without Chromium. */
export function browserSuite(name: string, define: (site: BrowserSite) => void): void {
  if (chromiumSkip !== false) console.error(chromiumSkip);
  suite(name, { skip: chromiumSkip }, () => {
    let stack: Stack;
    let browser: Browser;
    before(async () => {
      stack = await startStack();
      await addStaff(stack);
      chromium ??= launchChromium();
      browser = await chromium;
    });
    after(() => stack?.stop());
    define({
      get stack() {
        return stack;
      },
      get browser() {
        return browser;
      },
    });
  });
}
