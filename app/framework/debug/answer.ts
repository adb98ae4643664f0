/** What developers see in place of the site's pages for 404 and 500, where DEBUG is on. */

import { wanted } from '../requests.ts';
import type { RequestContext } from '../views.ts';
import { type DebugFacts, factsOf, type SettingValues, type Table } from './facts.ts';
import { debugPage, spell } from './page.ts';

/** Answers with all there is to know of `error`, or of a page that is not there. */
export async function answerForDeveloper(
  c: RequestContext,
  settings: SettingValues,
  error?: unknown,
): Promise<Response> {
  const facts = await factsOf(c, settings, error);
  c.header('Cache-Control', 'no-store');
  switch (wanted(c, 'text')) {
    case 'html':
      return c.html(debugPage(facts, settings.staticUrl), facts.status);
    case 'json':
      return c.json({ type: 'about:blank', ...facts }, facts.status, {
        'Content-Type': 'application/problem+json',
      });
    default:
      return c.text(debugText(facts), facts.status);
  }
}

function debugText(facts: DebugFacts): string {
  const { failures, method, path, route = 'none', status, title } = facts;
  return [
    `${status} ${title}: ${method} ${path}\nroute: ${route}\n`,
    ...failures.map(({ name, message, template, own, others }, index) => {
      const places = [...(template === undefined ? [] : [template]), ...own, ...others];
      const lines = places.map((place) => `    at ${spell(place)}\n`);
      return `${index === 0 ? '' : 'caused by '}${name}: ${message}\n${lines.join('')}`;
    }),
    tableText('routes', facts.routes),
    tableText('query', facts.query),
    tableText('form', facts.form),
    tableText('cookies', facts.cookies),
    tableText('fields', facts.fields),
    tableText('settings', facts.settings),
    tableText('versions', facts.versions),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function tableText(title: string, table: Table): string {
  if (table.length === 0) return '';
  return `${title}:\n${table.map(([name, value]) => `    ${name}: ${value}\n`).join('')}`;
}
