import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { browserSuite } from './suite.ts';
import { openVisit, WINDOWS } from './visit.ts';

browserSuite('in a browser', (site) => {
  for (const [window, options] of Object.entries(WINDOWS)) {
    test(`on a ${window}, somebody finds a poll, votes and sees the results`, async (t) => {
      const visit = await openVisit(t, site.browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;

      await page.goto(`${site.stack.url}/`);
      assert.equal(page.url(), `${site.stack.url}/polls/`);
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
      visit.assertQuiet(site.stack.url);
    });

    test(`on a ${window}, a page that is not there leads back to the polls`, async (t) => {
      const visit = await openVisit(t, site.browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      visit.expectFailure(404);
      const response = await page.goto(`${site.stack.url}/polls/99/`);
      assert.equal(response?.status(), 404);
      await visit.look('not-found');
      await page.getByRole('link', { name: 'See all polls' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(site.stack.url);
    });
  }

  for (const [window, options] of Object.entries(WINDOWS)) {
    test(`on a ${window}, somebody logs in after a mistake, and out again`, async (t) => {
      const visit = await openVisit(t, site.browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      await page.goto(`${site.stack.url}/accounts/login/`);
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
      await page
        .getByRole('status')
        .getByText('You have been logged out.', { exact: true })
        .waitFor();
      assert.equal(await page.getByRole('button', { name: 'Log out' }).count(), 0);
      visit.assertQuiet(site.stack.url);
    });
  }

  test('the whole vote can be done with the keyboard', async (t) => {
    const visit = await openVisit(t, site.browser, {}, 'keyboard-');
    const { page } = visit;
    await page.goto(`${site.stack.url}/polls/`);
    await page.keyboard.press('Tab');
    assert.equal(await focusedText(page), 'Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('radio').first().waitFor();
    await page.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowDown');
    await visit.look('focus');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/results/');
    visit.assertQuiet(site.stack.url);
  });
});

async function votesFor(page: Page, choice: string): Promise<number> {
  const row = page.getByRole('listitem').filter({ hasText: choice });
  return Number(await row.getByRole('progressbar').getAttribute('value'));
}

async function focusedText(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent');
}
