import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { sql } from 'kysely';
import type { Browser } from 'playwright-core';
import { connectDatabase } from '../../app/framework/database.ts';
import { chromiumSkip, launchChromium } from '../harness/chromium.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { openVisit, WINDOWS } from './visit.ts';

if (chromiumSkip !== false) console.error(chromiumSkip);

suite('languages and failures in a browser', { skip: chromiumSkip }, () => {
  let stack: Stack;
  let browser: Browser;

  before(async () => {
    stack = await startStack();
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  for (const [window, options] of Object.entries(WINDOWS)) {
    test(`on a ${window}, the switch of language holds on every page, and back`, async (t) => {
      const visit = await openVisit(t, browser, options, `${window.replace(', ', '-')}-german-`);
      const { page } = visit;
      await page.goto(`${stack.url}/polls/4/`);
      await page.getByRole('button', { name: 'Deutsch' }).click();
      await page.getByRole('button', { name: 'Abstimmen' }).waitFor();
      assert.equal(page.url(), `${stack.url}/polls/4/`);
      await visit.look('detail', 'de');
      visit.expectFailure(400);
      await page.getByRole('button', { name: 'Abstimmen' }).click();
      assert.equal(await page.getByRole('alert').textContent(), 'Sie haben nichts ausgewählt.');
      await page.getByRole('link', { name: 'Erst die Ergebnisse ansehen' }).click();
      await page.getByText('Vorn', { exact: true }).first().waitFor();
      await visit.look('results', 'de');
      await page.getByRole('link', { name: 'Alle Umfragen' }).first().click();
      await page.getByRole('heading', { name: 'Neueste Umfragen' }).waitFor();
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(stack.url);
    });

    test(`on a ${window}, a page that breaks says so, and is whole again`, async (t) => {
      const database = connectDatabase(stack.folder.env['DATABASE_PATH'] ?? '');
      t.after(() => database.destroy());
      const visit = await openVisit(t, browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      await sql`alter table polls_question rename to polls_question_away`.execute(database);
      visit.expectFailure(500);
      const response = await page.goto(`${stack.url}/polls/`);
      await sql`alter table polls_question_away rename to polls_question`.execute(database);
      assert.equal(response?.status(), 500);
      await page.getByRole('heading', { name: 'Something broke on our side' }).waitFor();
      await visit.look('broken');
      await page.getByRole('link', { name: 'See all polls' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(stack.url);
    });

    test(`on a ${window}, the proxy has a page of its own while the pool is away`, async (t) => {
      const visit = await openVisit(t, browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      stack.folder.edit('server unix:run/app.sock', 'server unix:run/nobody.sock');
      const pid = Number(stack.folder.read('run/nginx.pid'));
      process.kill(pid, 'SIGHUP');
      const title = 'Back in a moment · Tandem polls';
      visit.expectFailure(502);
      while ((await fetch(`${stack.url}/polls/`)).status !== 502);
      await page.goto(`${stack.url}/polls/`);
      assert.equal(await page.title(), title);
      await page.screenshot({ path: `/tmp/tandem-screenshots/${window}-unavailable.png` });
      stack.folder.edit('server unix:run/nobody.sock', 'server unix:run/app.sock');
      process.kill(pid, 'SIGHUP');
      while ((await fetch(`${stack.url}/polls/`)).status !== 200);
      await page.getByRole('link', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(stack.url);
    });
  }
});
