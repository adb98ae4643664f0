/**
 * The page for developers. It uses no template, since a template may be what is broken, and neither
 * script nor inline style, which the site's policy forbids. `html` escapes every value.
 */

import { html } from 'hono/html';
import type { DebugFacts, Table } from './facts.ts';
import type { Failure, Place } from './failure.ts';

/** A part of a page, or nothing. */
type Part = ReturnType<typeof html> | '';

/** The page of `facts`; its style is `debug.css` below `staticUrl`. */
export function debugPage(facts: DebugFacts, staticUrl: string): ReturnType<typeof html> {
  const { failures, method, path, route, status, title } = facts;
  const [first] = failures;
  const heading = first === undefined ? title : first.name;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${heading} at ${path}</title>
<link rel="stylesheet" href="${staticUrl}site.css">
<link rel="stylesheet" href="${staticUrl}debug.css">
</head>
<body class="debug">
<header>
<p class="request">${status} ${title}: ${method} ${path}</p>
<h1>${heading}</h1>
${first === undefined ? '' : html`<p class="failure">${first.message}</p>`}
<p>${route === undefined ? 'No route matched.' : html`Route: <code>/${route}</code>`}</p>
</header>
<main>
${failures.map(failureSection)}
${tableSection('Routes, in the order they were tried', facts.routes, ['route', 'name'])}
${tableSection('Query', facts.query)}
${tableSection('Form', facts.form)}
${tableSection('Cookies', facts.cookies)}
${tableSection('Request fields', facts.fields)}
${tableSection('Settings', facts.settings)}
${tableSection('Versions', facts.versions)}
</main>
<footer><p>You see this because DEBUG is on. Set DEBUG=0 on a server: visitors then see a plain page.</p></footer>
</body>
</html>`;
}

function failureSection(failure: Failure, index: number): Part {
  const { name, message, template, own, others } = failure;
  return html`<section>
<h2>${index === 0 ? 'Where it came from' : html`Caused by ${name}`}</h2>
${index === 0 ? '' : html`<p class="failure">${message}</p>`}
${template === undefined ? '' : placePart(template, true)}
${own.map((place, at) => placePart(place, at === 0 && template === undefined))}
${
  others.length === 0
    ? ''
    : html`<details><summary>${others.length} places in packages and in Node.js</summary>
<ul class="places">${others.map((place) => html`<li><code>${spell(place)}</code></li>`)}</ul></details>`
}
</section>`;
}

function placePart(place: Place, isOpen: boolean): Part {
  if (place.code.length === 0) return html`<p><code>${spell(place)}</code></p>`;
  const lines = place.code.map(
    ({ number, text }) =>
      html`<li value="${number}"${number === place.line ? html` class="here"` : ''}><code>${text}</code></li>`,
  );
  return html`<details${isOpen ? html` open` : ''}><summary><code>${spell(place)}</code></summary>
<ol class="code" tabindex="0" aria-label="${spell(place)}">${lines}</ol></details>`;
}

/** "readForm (app/framework/forms.ts:12:3)". */
export function spell({ caller, file, line, column }: Place): string {
  const at = `${file}:${line}:${column}`;
  return caller === '' ? at : `${caller} (${at})`;
}

function tableSection(title: string, table: Table, columns = ['name', 'value']): Part {
  if (table.length === 0) return '';
  return html`<section>
<h2>${title}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="${title}">
<table>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${table.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
</table>
</div>
</section>`;
}
