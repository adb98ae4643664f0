/** One visit of the site in a browser: what goes wrong in it, what every page must hold, screenshots. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createUser } from '../../app/framework/auth/users.ts';
import { connectDatabase } from '../../app/framework/database.ts';
import type { Stack } from '../harness/stack.ts';

/** The source of axe-core, run in each page by the debugger, which no CSP holds back. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Kept after the run, so that somebody can look at them. */
export const SCREENSHOTS = join(tmpdir(), 'tandem-screenshots');

/** Windows that each page is looked at in. */
export const WINDOWS: Readonly<Record<string, BrowserContextOptions>> = {
  'phone, light': { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  'desktop, dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
};

/**
 * Adds ada of the staff, whose password is "correct horse", past the command line, which
 * `test/app/manage.test.ts` tests.
 */
export async function addStaff({ folder }: Stack): Promise<void> {
  const database = connectDatabase(folder.env['DATABASE_PATH']!);
  try {
    await createUser(database, { username: 'ada', password: 'correct horse', isStaff: true });
  } finally {
    await database.destroy();
  }
}

/** One window with a record of what went wrong in it. */
export interface Visit {
  readonly page: Page;
  /** The next document may come with `status`; the browser's console line about it is no error. */
  expectFailure(status: number): void;
  /** Checks what every page must hold, in `language` ("en"), and keeps a screenshot of it. */
  look(name: string, language?: string): Promise<void>;
  /** Fails where the console held an error, or anything was asked of another host or not received. */
  assertQuiet(url: string): void;
}

/** Opens a window that ends with test `t`; `prefix` begins the names of its screenshots. */
export async function openVisit(
  t: TestContext,
  browser: Browser,
  options: BrowserContextOptions,
  prefix: string,
): Promise<Visit> {
  await mkdir(SCREENSHOTS, { recursive: true });
  const context = await browser.newContext(options);
  t.after(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  const requested: string[] = [];
  let expected = '';
  page.on('console', (message) => {
    const text = message.text();
    if (expected !== '' && text.includes(expected)) expected = '';
    else if (message.type() === 'error' || message.type() === 'warning') problems.push(text);
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // Whoever clicks before a page is complete makes the browser drop the rest of it.
    if (reason !== 'net::ERR_ABORTED') problems.push(`${reason}: ${request.url()}`);
  });
  page.on('request', (request) => requested.push(request.url()));
  return {
    page,
    expectFailure(status) {
      expected = `status of ${status}`;
    },
    async look(name, language = 'en') {
      await page.waitForLoadState('load');
      await checkPage(page, language);
      await checkAccessibility(page);
      await page.screenshot({ path: join(SCREENSHOTS, `${prefix}${name}.png`), fullPage: true });
    },
    assertQuiet(url) {
      assert.deepEqual(problems, []);
      assert.deepEqual(
        requested.filter((one) => !one.startsWith(`${url}/`)),
        [],
      );
    },
  };
}

/** Every page is styled, fits the window, has a title, a language, one h1 and its landmarks. */
async function checkPage(page: Page, language: string): Promise<void> {
  const facts = await page.evaluate(`({
    rules: [...document.styleSheets].map((sheet) => sheet.cssRules.length > 0),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    language: document.documentElement.lang,
    headings: document.querySelectorAll('h1').length,
    landmarks: ['header', 'nav', 'main', 'footer'].filter((name) => !document.querySelector(name)),
    broken: [...document.images].filter((image) => image.naturalWidth === 0).length,
    repeatedIds: [...document.querySelectorAll('[id]')].map(({ id }) => id)
      .filter((id, index, all) => all.indexOf(id) !== index),
  })`);
  assert.partialDeepStrictEqual(facts, {
    overflow: 0,
    language,
    headings: 1,
    landmarks: [],
    broken: 0,
    repeatedIds: [],
  });
  const { rules } = facts as { readonly rules: readonly boolean[] };
  assert.ok(rules.length >= 1 && rules.every(Boolean), 'a style sheet is missing');
  assert.match(await page.title(), /Tandem polls$/);
}

/** No rule of axe-core of serious or critical impact is broken. */
export async function checkAccessibility(page: Page): Promise<void> {
  await page.evaluate(`${AXE};0`);
  const broken = await page.evaluate(`axe.run().then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
  assert.deepEqual(broken, [], page.url());
}
