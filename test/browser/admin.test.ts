import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { browserSuite } from './suite.ts';
import { openVisit, WINDOWS } from './visit.ts';

browserSuite('the admin in a browser', (site) => {
  for (const [window, options] of Object.entries(WINDOWS)) {
    test(`on a ${window}, staff adds a poll after a mistake, changes, closes and deletes it`, async (t) => {
      const visit = await openVisit(
        t,
        site.browser,
        options,
        `admin-${window.replace(', ', '-')}-`,
      );
      const { page } = visit;
      await logIn(page, `${site.stack.url}/accounts/login/`);
      await page.getByRole('link', { name: 'Admin', exact: true }).click();
      await page.waitForURL('**/admin/polls/question/');
      await visit.look('list');

      await page.getByRole('link', { name: 'Add a poll' }).click();
      await visit.look('add');
      await page.getByLabel('Choice 1').fill('Uphill');
      await page.getByLabel('Choice 2').fill('uphill');
      visit.expectFailure(400);
      await page.getByLabel('Choice 2').press('Enter');
      const alert = page.getByRole('alert');
      await alert.getByText('Nothing has been saved yet.').waitFor();
      assert.equal(await page.evaluate('document.activeElement.className'), 'summary');
      await visit.look('add-mistakes');
      await alert.getByRole('link', { name: 'Enter a question.' }).click();
      assert.equal(await page.evaluate('document.activeElement.name'), 'question_text');
      await page.keyboard.type(`Which way on a ${window}?`);
      await page.getByLabel('Choice 2').fill('Downhill');
      await page.getByRole('button', { name: 'Save' }).last().click();
      await page.getByRole('status').getByText('was added').waitFor();
      await visit.look('added');

      await page.getByRole('searchbox').fill(window);
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByText('1 poll ·').waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('status').getByText('is now closed').waitFor();
      assert.match(page.url(), /\?q=/);
      await visit.look('closed');
      await page.getByRole('link', { name: 'Which way' }).click();
      await visit.look('change');
      const path = new URL(page.url()).pathname;
      const id = /\d+/.exec(path)?.[0];

      await page.goto(`${site.stack.url}/polls/${id}/`);
      assert.equal(await page.getByRole('radio').count(), 0);
      await visit.look('closed-poll');
      await page.getByRole('link', { name: 'See the results' }).click();
      await visit.look('closed-results');
      await page.goto(`${site.stack.url}/polls/`);
      await visit.look('closed-index');

      await page.goto(site.stack.url + path);
      await page.getByRole('link', { name: 'Delete' }).click();
      await visit.look('delete');
      await page.getByRole('button', { name: 'Yes, delete it' }).click();
      await page.getByRole('status').getByText('was deleted').waitFor();
      assert.equal(await page.getByRole('link', { name: 'Which way' }).count(), 0);
      visit.assertQuiet(site.stack.url);
    });

    test(`on a ${window}, a choice with votes goes after a question, and a stale form does not`, async (t) => {
      const visit = await openVisit(
        t,
        site.browser,
        options,
        `admin-${window.replace(', ', '-')}-`,
      );
      const { page } = visit;
      await logIn(page, `${site.stack.url}/accounts/login/`);
      const address = `${site.stack.url}/admin/polls/question/${window.startsWith('phone') ? 3 : 5}/change/`;
      await page.goto(address);
      const other = await page.context().newPage();
      await other.goto(address);

      await page.getByRole('checkbox').first().check();
      visit.expectFailure(400);
      await page.getByRole('button', { name: 'Save' }).last().click();
      await page.getByRole('alert').getByText('This choice already has votes.').waitFor();
      await visit.look('votes-asked');
      await page.getByLabel('Yes, remove this choice and its votes').check();
      await page.getByRole('button', { name: 'Save' }).last().click();
      await page.getByRole('status').getByText('was changed').waitFor();

      await other.getByLabel('Question').fill('Something else?');
      await other.getByRole('button', { name: 'Save' }).last().click();
      await other.getByRole('alert').getByText('Someone else has changed this poll').waitFor();
      await other.getByRole('link', { name: 'Open the current version of the poll' }).click();
      assert.notEqual(await other.getByLabel('Question').inputValue(), 'Something else?');
      visit.assertQuiet(site.stack.url);
    });
  }
});

async function logIn(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel('Password').fill('correct horse');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('status').getByText('Welcome, ada.').waitFor();
}
