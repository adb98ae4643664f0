import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createUser } from '../../app/framework/auth/users.ts';
import { connectDatabase } from '../../app/framework/database.ts';
import { chromiumSkip, launchChromium } from '../harness/chromium.ts';
import { type Stack, startStack } from '../harness/stack.ts';

/** The source of axe-core, run in each page by the debugger, which no CSP holds back. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Kept after the run, so that somebody can look at them. */
const SCREENSHOTS = join(tmpdir(), 'tandem-screenshots');

const WINDOWS: Readonly<Record<string, BrowserContextOptions>> = {
  'phone, light': { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  'desktop, dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
};

if (chromiumSkip !== false) console.error(chromiumSkip);

suite('in a browser', { skip: chromiumSkip }, () => {
  let stack: Stack;
  let browser: Browser;

  before(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    stack = await startStack();
    await addUser(stack);
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  for (const [window, options] of Object.entries(WINDOWS)) {
    test(`on a ${window}, somebody finds a poll, votes and sees the results`, async (t) => {
      const visit = await openVisit(t, browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;

      await page.goto(`${stack.url}/`);
      assert.equal(page.url(), `${stack.url}/polls/`);
      await visit.look('index');
      await page.getByRole('link', { name: 'Tabs or spaces?' }).click();
      await page.waitForURL('**/polls/4/');
      await visit.look('detail');

      visit.expectFailure(400);
      await page.getByRole('button', { name: 'Vote' }).click();
      assert.equal(await page.getByRole('alert').textContent(), "You didn't select a choice.");
      await visit.look('no-choice');

      await page.getByRole('link', { name: 'See the results first' }).click();
      const before = await votesFor(page, 'Spaces');
      await page.getByRole('link', { name: 'Vote again?' }).click();
      await page.getByLabel('Spaces').check();
      await page.getByRole('button', { name: 'Vote' }).click();
      await page.waitForURL('**/results/');
      assert.equal(await votesFor(page, 'Spaces'), before + 1);
      await visit.look('results');
      visit.assertQuiet(stack.url);
    });

    test(`on a ${window}, a page that is not there leads back to the polls`, async (t) => {
      const visit = await openVisit(t, browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      visit.expectFailure(404);
      const response = await page.goto(`${stack.url}/polls/99/`);
      assert.equal(response?.status(), 404);
      await visit.look('not-found');
      await page.getByRole('link', { name: 'See all polls' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(stack.url);
    });
  }

  for (const [window, options] of Object.entries(WINDOWS)) {
    test(`on a ${window}, somebody logs in after a mistake, and out again`, async (t) => {
      const visit = await openVisit(t, browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      await page.goto(`${stack.url}/accounts/login/`);
      await visit.look('login');
      await page.getByLabel('Name').fill('ada');
      await page.getByLabel('Password').fill('wrong');
      visit.expectFailure(400);
      await page.getByRole('button', { name: 'Log in' }).click();
      const alert = page.getByRole('alert');
      assert.equal(await alert.textContent(), 'Please enter a correct name and password.');
      assert.equal(await page.getByLabel('Name').inputValue(), 'ada');
      await visit.look('login-failed');
      await page.getByLabel('Password').fill('correct horse');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.waitForURL('**/polls/');
      await page.getByRole('status').getByText('Welcome, ada.', { exact: true }).waitFor();
      await visit.look('logged-in');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.waitForURL('**/accounts/login/');
      await page.getByRole('status').getByText('You are logged out.', { exact: true }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Log out' }).count(), 0);
      visit.assertQuiet(stack.url);
    });
  }

  test('the whole vote can be done with the keyboard', async (t) => {
    const visit = await openVisit(t, browser, {}, 'keyboard-');
    const { page } = visit;
    await page.goto(`${stack.url}/polls/`);
    await page.keyboard.press('Tab');
    assert.equal(await focusedText(page), 'Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('radio').first().waitFor();
    await page.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowDown');
    await visit.look('focus');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/results/');
    visit.assertQuiet(stack.url);
  });
});

/** A user of the site, made past its command line, which `test/app/manage.test.ts` tests. */
async function addUser({ folder }: Stack): Promise<void> {
  const database = connectDatabase(folder.env['DATABASE_PATH']!);
  try {
    await createUser(database, { username: 'ada', password: 'correct horse', isStaff: true });
  } finally {
    await database.destroy();
  }
}

/** One window with a record of what went wrong in it. */
interface Visit {
  readonly page: Page;
  /** The next document may come with `status`; the browser's console line about it is no error. */
  expectFailure(status: number): void;
  /** Checks what every page must hold, and keeps a screenshot of it. */
  look(name: string): Promise<void>;
  /** Fails where the console held an error, or anything was asked of another host or not received. */
  assertQuiet(url: string): void;
}

async function openVisit(
  t: TestContext,
  browser: Browser,
  options: BrowserContextOptions,
  prefix: string,
): Promise<Visit> {
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
    async look(name) {
      await page.waitForLoadState('load');
      await checkPage(page);
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
async function checkPage(page: Page): Promise<void> {
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
    language: 'en',
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
async function checkAccessibility(page: Page): Promise<void> {
  await page.evaluate(`${AXE};0`);
  const broken = await page.evaluate(`axe.run().then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
  assert.deepEqual(broken, [], page.url());
}

async function votesFor(page: Page, choice: string): Promise<number> {
  const row = page.getByRole('listitem').filter({ hasText: choice });
  return Number(await row.getByRole('progressbar').getAttribute('value'));
}

async function focusedText(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent');
}
