/**
 * Makes the pictures of docs/tutorial.md from the running product: `npm run screenshots`. It starts
 * a site of its own, as `npm start` does, and leaves nothing behind but docs/screenshots/.
 */
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../harness/chromium.ts';
import { PROJECT } from '../harness/site-folder.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { addStaff } from './visit.ts';

const FOLDER = join(PROJECT, 'docs', 'screenshots');
const DESKTOP = { viewport: { width: 1000, height: 700 }, colorScheme: 'light' } as const;
const PHONE = { viewport: { width: 390, height: 780 }, colorScheme: 'dark' } as const;

const stack = await startStack();
try {
  const browser = await launchChromium();
  try {
    await addStaff(stack);
    await photograph(browser, stack);
  } finally {
    await browser.close();
  }
} finally {
  await stack.stop();
}

async function photograph(browser: Browser, { url }: Stack): Promise<void> {
  const desktop = await open(browser, DESKTOP);
  const phone = await open(browser, PHONE);
  await desktop.goto(`${url}/polls/`);
  await shoot(desktop, 'index');

  await phone.goto(`${url}/polls/1/results/`);
  await phone.getByText('Live', { exact: true }).waitFor();
  await desktop.goto(`${url}/polls/1/`);
  await desktop.getByLabel('At the back').check();
  await desktop.getByRole('button', { name: 'Vote' }).click();
  await desktop.getByText('18 votes', { exact: true }).waitFor();
  await phone.getByText('18 votes', { exact: true }).waitFor();
  await shoot(desktop, 'results');
  await shoot(phone, 'results-phone');

  await desktop.goto(`${url}/accounts/login/?next=/admin/polls/question/`);
  await desktop.getByLabel('Name').fill('ada');
  await desktop.getByLabel('Password').fill('correct horse');
  await desktop.getByRole('button', { name: 'Log in' }).click();
  await desktop.getByRole('status').waitFor();
  await shoot(desktop, 'admin');

  await phone.goto(`${url}/chat/`);
  await desktop.goto(`${url}/chat/`);
  await say(desktop, 'Who takes the front seat?');
  await say(phone, 'You steer, I pedal.');
  await desktop.getByText('You steer, I pedal.').waitFor();
  await shoot(desktop, 'chat');
}

async function open(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  return (await browser.newContext(options)).newPage();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('log').getByText(text).waitFor();
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  console.log(`docs/screenshots/${name}.png`);
}
