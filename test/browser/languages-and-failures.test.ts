import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import { connectDatabase } from '../../app/framework/database.ts';
import type { Stack } from '../harness/stack.ts';
import { browserSuite } from './suite.ts';
import { checkAccessibility, openVisit, SCREENSHOTS, WINDOWS } from './visit.ts';

browserSuite('languages and failures in a browser', (site) => {
  for (const [window, options] of Object.entries(WINDOWS)) {
    test(`on a ${window}, the switch of language holds on every page, and back`, async (t) => {
      const visit = await openVisit(
        t,
        site.browser,
        options,
        `${window.replace(', ', '-')}-german-`,
      );
      const { page } = visit;
      await page.goto(`${site.stack.url}/polls/4/`);
      await page.getByRole('button', { name: 'Deutsch' }).click();
      await page.getByRole('button', { name: 'Abstimmen' }).waitFor();
      assert.equal(page.url(), `${site.stack.url}/polls/4/`);
      await visit.look('detail', 'de');
      visit.expectFailure(400);
      await page.getByRole('button', { name: 'Abstimmen' }).click();
      assert.equal(await page.getByRole('alert').textContent(), 'Sie haben nichts ausgewählt.');
      await page.getByRole('link', { name: 'Erst die Ergebnisse ansehen' }).click();
      await page.locator('.badge:visible', { hasText: 'Vorn' }).waitFor();
      await visit.look('results', 'de');
      await page.getByRole('link', { name: 'Alle Umfragen' }).first().click();
      await page.getByRole('heading', { name: 'Neueste Umfragen' }).waitFor();
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(site.stack.url);
    });

    test(`on a ${window}, a page that breaks says so, and is whole again`, async (t) => {
      const database = connectDatabase(site.stack.folder.env['DATABASE_PATH'] ?? '');
      t.after(() => database.destroy());
      const visit = await openVisit(t, site.browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      await sql`alter table polls_question rename to polls_question_away`.execute(database);
      visit.expectFailure(500);
      const response = await page.goto(`${site.stack.url}/polls/`);
      await sql`alter table polls_question_away rename to polls_question`.execute(database);
      assert.equal(response?.status(), 500);
      await page.getByRole('heading', { name: 'Something went wrong on our end' }).waitFor();
      await visit.look('broken');
      await page.getByRole('link', { name: 'See all polls' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(site.stack.url);
    });

    test(`on a ${window}, the proxy has a page of its own while the pool is away`, async (t) => {
      const visit = await openVisit(t, site.browser, options, `${window.replace(', ', '-')}-`);
      const { page } = visit;
      await moveUpstream(site.stack, 'run/app.sock', 'run/nobody.sock');
      visit.expectFailure(502);
      await page.goto(`${site.stack.url}/polls/`);
      assert.equal(await page.title(), 'Back in a moment · Tandem polls');
      await page.screenshot({ path: join(SCREENSHOTS, `${window.replace(', ', '-')}-away.png`) });
      await checkAccessibility(page);
      await moveUpstream(site.stack, 'run/nobody.sock', 'run/app.sock');
      await page.getByRole('link', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'Latest polls' }).waitFor();
      visit.assertQuiet(site.stack.url);
    });
  }
});

/** Changes the pool's address in nginx.conf and reloads; the answer is there when the former worker is not. */
async function moveUpstream({ folder, program }: Stack, from: string, to: string): Promise<void> {
  const ends = (): number => program.output.split(/worker process \d+ exited with code 0/).length;
  const before = ends();
  folder.edit(`server unix:${from}`, `server unix:${to}`);
  process.kill(Number(folder.read('run/nginx.pid')), 'SIGHUP');
  while (ends() === before) await setTimeout(50);
}
