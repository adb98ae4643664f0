/** Checks of the templates: that each parses, and that what it names exists. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../errors.ts';
import type { Templates } from '../templates.ts';
import type { RouteTable } from '../urls.ts';
import type { Issue } from './check.ts';

/** What the templates are held against. */
export interface TemplateCheckOptions {
  readonly templates: Templates;
  readonly routes: RouteTable;
  readonly templateFolders: readonly string[];
  readonly staticFolders: readonly string[];
}

/** A tag whose first argument is a text: `{% url 'polls:index' %}`. Others are known only when a page is made. */
const NAMING_TAG =
  /\{%-?\s*(url|static|layout|render|include)\s+(?:'([^']*)'|"([^"]*)")(.*?)-?%\}/gs;
/** One value of a tag. */
const VALUE = /'[^']*'|"[^"]*"|\S+/g;

/** Parses every template below the folders and looks up each route, static file and template it names. */
export async function checkTemplates(options: TemplateCheckOptions): Promise<readonly Issue[]> {
  const issues: Issue[] = [];
  for (const folder of options.templateFolders) {
    for (const name of globSync('**/*.html', { cwd: folder }).sort()) {
      const reason = await parseProblem(options.templates, name);
      if (reason !== undefined) issues.push(errorOf('E001', `${name} does not parse: ${reason}`));
      issues.push(...wrongNames(options, name, readFileSync(join(folder, name), 'utf8')));
    }
  }
  return issues;
}

async function parseProblem(templates: Templates, name: string): Promise<string | undefined> {
  try {
    await templates.parse(name);
    return undefined;
  } catch (error) {
    return reasonOf(error).split('\n')[0];
  }
}

function wrongNames(options: TemplateCheckOptions, template: string, text: string): Issue[] {
  const issues: Issue[] = [];
  for (const { 1: tag = '', 2: single, 3: double, 4: rest = '', index } of text.matchAll(
    NAMING_TAG,
  )) {
    const name = single ?? double ?? '';
    const line = text.slice(0, index).split('\n').length;
    const issue = wrongName(options, tag, name, rest.match(VALUE)?.length ?? 0);
    if (issue !== undefined) issues.push(errorOf(issue[0], `${template}:${line}: ${issue[1]}`));
  }
  return issues;
}

function wrongName(
  { routes, templateFolders, staticFolders }: TemplateCheckOptions,
  tag: string,
  name: string,
  values: number,
): readonly [id: string, message: string] | undefined {
  const isIn = (folders: readonly string[]) => folders.some((one) => existsSync(join(one, name)));
  switch (tag) {
    case 'url':
      return wrongUrl(routes.find(name)?.parameters.length, name, values);
    case 'static':
      return isIn(staticFolders) ? undefined : ['E003', `there is no static file "${name}"`];
    default:
      return isIn(templateFolders) ? undefined : ['E004', `there is no template "${name}"`];
  }
}

function wrongUrl(
  wanted: number | undefined,
  name: string,
  values: number,
): readonly [id: string, message: string] | undefined {
  if (wanted === undefined) return ['E002', `no route is named "${name}"`];
  if (wanted === values) return undefined;
  return ['E005', `the route "${name}" takes ${wanted} values, got ${values}`];
}

function errorOf(id: string, message: string): Issue {
  return { level: 'ERROR', id: `templates.${id}`, message };
}
