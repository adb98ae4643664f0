/** Live results and the chat, as two people see them at the same time. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { connectDatabase, type Database } from '../../app/framework/database.ts';
import { closeQuestion } from '../../app/polls/admin-models.ts';
import { castVote } from '../../app/polls/models.ts';
import { browserSuite } from './suite.ts';
import { openVisit, type Visit, WINDOWS } from './visit.ts';

browserSuite('live pages in a browser', (site) => {
  let database: Database;

  before(() => {
    database = connectDatabase(site.stack.folder.env['DATABASE_PATH'] ?? '');
  });

  after(() => database?.destroy());

  /** A phone and a desktop. */
  async function openTwo(t: TestContext): Promise<readonly [Visit, Visit]> {
    const [phone, desktop] = Object.values(WINDOWS);
    return [
      await openVisit(t, site.browser, phone ?? {}, 'live-phone-'),
      await openVisit(t, site.browser, desktop ?? {}, 'live-desktop-'),
    ];
  }

  test('a vote in one window shows in the other, without a reload', async (t) => {
    const [voter, watcher] = await openTwo(t);
    await watcher.page.goto(`${site.stack.url}/polls/4/results/`);
    await watcher.page.getByText('Live', { exact: true }).waitFor();
    await watcher.page.evaluate('document.body.dataset.mark = "same document"');
    const before = Number(
      await rowOf(watcher.page, 'Spaces').locator('progress').getAttribute('value'),
    );
    await voter.page.goto(`${site.stack.url}/polls/4/`);
    await voter.page.getByLabel('Spaces').check();
    await voter.page.getByRole('button', { name: 'Vote' }).click();
    await voter.page.waitForURL('**/results/');
    await voter.page.getByText('Live', { exact: true }).waitFor();
    const row = rowOf(watcher.page, 'Spaces');
    await row.getByText(`${before + 1} votes`, { exact: true }).waitFor();
    for (const what of ['strong', '.votes', 'progress', '.badge']) {
      const other = await rowOf(voter.page, 'Spaces').locator(what).textContent();
      assert.equal(await row.locator(what).textContent(), other, what);
    }
    assert.equal(
      await textOf(watcher.page, '.meta .votes'),
      await textOf(voter.page, '.meta .votes'),
    );
    assert.equal(await row.locator('progress').getAttribute('value'), String(before + 1));
    assert.equal(await watcher.page.evaluate('document.body.dataset.mark'), 'same document');
    assert.match(
      (await textOf(watcher.page, '[role="status"]')) ?? '',
      /^Now \d+ votes\. Leading: /,
    );
    await watcher.look('results');
    await voter.look('results');
    for (const visit of [voter, watcher]) visit.assertQuiet(site.stack.url);
  });

  test('the lead moves to who has most votes, and news are not told one by one', async (t) => {
    const [, { page, ...visit }] = await openTwo(t);
    await page.goto(`${site.stack.url}/polls/5/results/`);
    await page.getByText('Live', { exact: true }).waitFor();
    const last = page.locator('.result').last();
    const id = Number(await last.getAttribute('data-choice'));
    await page.evaluate(`globalThis.told = 0;
      new MutationObserver(() => told++)
        .observe(document.querySelector('.visually-hidden[role="status"]'), { childList: true })`);
    const most = Number(await page.locator('.leads progress').first().getAttribute('value'));
    for (let count = 0; count <= most; count++) {
      await castVote(database, id);
      if (count % 5 === 0) await page.waitForTimeout(250);
    }
    await page.locator(`.leads[data-choice="${id}"] .badge`).waitFor();
    assert.equal(await page.locator('.badge:visible').count(), 1);
    assert.ok(Number(await page.evaluate('told')) <= 2);
    visit.assertQuiet(site.stack.url);
  });

  test('in German the news are German', async (t) => {
    const visit = await openVisit(t, site.browser, { locale: 'de-DE' }, 'live-german-');
    await visit.page.goto(`${site.stack.url}/polls/3/results/`);
    await visit.page.getByText('Live', { exact: true }).waitFor();
    const row = visit.page.locator('.result').first();
    const shown = await row.locator('.votes').textContent();
    const count = Number.parseInt(shown ?? '', 10) + 1;
    await castVote(database, Number(await row.getAttribute('data-choice')));
    await row.getByText(`${count} Stimmen`, { exact: true }).waitFor();
    assert.match((await row.locator('strong').textContent()) ?? '', /^\d+\u00a0%$/);
    visit.assertQuiet(site.stack.url);
  });

  test('a poll that is closed shows so in an open window', async (t) => {
    const visit = await openVisit(t, site.browser, {}, 'live-closed-');
    await visit.page.goto(`${site.stack.url}/polls/2/results/`);
    await visit.page.getByText('Live', { exact: true }).waitFor();
    await closeQuestion(database, 2);
    await visit.page.getByText('Closed', { exact: true }).waitFor();
    assert.equal(await visit.page.locator('[data-stream]').count(), 0);
    visit.assertQuiet(site.stack.url);
  });

  test('two people talk', async (t) => {
    const [guest, ada] = await openTwo(t);
    await guest.page.goto(`${site.stack.url}/polls/`);
    await guest.page.getByRole('link', { name: 'Chat' }).click();
    await guest.page.getByText('Nobody has said anything yet.').waitFor();
    await guest.look('chat-empty');
    await logIn(ada.page, site.stack.url);
    await ada.page.goto(`${site.stack.url}/chat/`);
    for (const { page } of [guest, ada]) await page.getByText('Live', { exact: true }).waitFor();

    await guest.page.getByLabel('Your name').fill('bob');
    await guest.page.getByRole('textbox', { name: 'Message' }).fill('<b>hello</b> & welcome');
    await guest.page.keyboard.press('Enter');
    const log = ada.page.getByRole('log');
    await log.getByText('<b>hello</b> & welcome', { exact: true }).waitFor();
    await log.getByText('guest-bob', { exact: true }).waitFor();
    assert.equal(await ada.page.getByLabel('Your name').count(), 0);
    await ada.page
      .getByRole('textbox', { name: 'Message' })
      .fill('مرحبا, this is quite a long answer '.repeat(4));
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await guest.page.getByRole('log').getByText('ada', { exact: true }).waitFor();
    assert.equal(await guest.page.getByRole('textbox', { name: 'Message' }).inputValue(), '');

    await guest.page.getByLabel('Your name').fill('b o b');
    await guest.page.getByRole('textbox', { name: 'Message' }).fill('kept');
    await guest.page.keyboard.press('Enter');
    await guest.page.getByRole('alert').getByText('A name has at most').waitFor();
    assert.equal(await guest.page.getByRole('textbox', { name: 'Message' }).inputValue(), 'kept');
    await guest.look('chat');
    await ada.look('chat');
    await ada.page.reload();
    await ada.page.getByText('Live', { exact: true }).waitFor();
    assert.equal(await log.getByRole('listitem').count(), 2);
    for (const visit of [guest, ada]) visit.assertQuiet(site.stack.url);
  });

  test('without scripts both pages show what there is', async (t) => {
    const visit = await openVisit(t, site.browser, { javaScriptEnabled: false }, 'live-plain-');
    await visit.page.goto(`${site.stack.url}/polls/4/results/`);
    assert.equal(await visit.page.locator('.live').isVisible(), false);
    await visit.page.goto(`${site.stack.url}/chat/`);
    assert.equal(await visit.page.locator('form.chat-form').isVisible(), false);
    await visit.page.getByText('To chat, please enable JavaScript').waitFor();
    visit.assertQuiet(site.stack.url);
  });
});

function rowOf(page: Page, choice: string): Locator {
  return page.getByRole('listitem').filter({ hasText: choice });
}

function textOf(page: Page, selector: string): Promise<string | null> {
  return page.locator(selector).last().textContent();
}

async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/accounts/login/`);
  await page.getByLabel('Name').fill('ada');
  await page.getByLabel('Password').fill('correct horse');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL('**/polls/');
}
