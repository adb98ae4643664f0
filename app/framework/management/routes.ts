/** `manage.ts routes`: what answers which address (django-extensions' show_urls). */

import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CompiledRoute } from '../urls.ts';
import type { View } from '../views.ts';

/** Names of views, "polls.views.detail", by the view itself. */
export type ViewNames = ReadonlyMap<unknown, string>;

const HEADING = ['METHODS', 'PATH', 'NAME', 'VIEW'] as const;

/**
 * Finds the views that the modules below `folder` export. The files of `folder` itself are programs
 * and are not loaded, nor are tests and migrations.
 */
export async function findViewNames(folder: string): Promise<ViewNames> {
  const names = new Map<unknown, string>();
  const files = globSync('*/**/*.ts', { cwd: folder })
    .filter((file) => !file.endsWith('.test.ts') && !file.includes('migrations/'))
    .sort();
  for (const file of files) {
    const exported: Record<string, unknown> = await import(pathToFileURL(join(folder, file)).href);
    const module = file.slice(0, -'.ts'.length).replaceAll('/', '.');
    for (const [name, value] of Object.entries(exported)) {
      if (isView(value) && !names.has(value)) names.set(value, `${module}.${name}`);
    }
  }
  return names;
}

function isView(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { get, post } = value as { readonly get?: unknown; readonly post?: unknown };
  return typeof get === 'function' || typeof post === 'function';
}

/**
 * A line for each route, in the order they are tried: methods, path, name and view. On a terminal in
 * columns below a heading, else with tabs between them for `cut` and `awk`. What has no name is "-".
 */
export function routeLines(
  routes: readonly CompiledRoute[],
  viewNames: ViewNames,
  isTerminal: boolean,
): readonly string[] {
  const rows = routes.map(({ view, route, name }) => [
    methodsOf(view),
    `/${route}`,
    name ?? '-',
    viewNames.get(view) ?? '-',
  ]);
  if (!isTerminal) return rows.map((row) => row.join('\t'));
  const table = [[...HEADING], ...rows];
  const widths = HEADING.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

/** The methods with a handler; each route answers OPTIONS too, and HEAD where it answers GET. */
function methodsOf(view: View<never>): string {
  const methods: string[] = [];
  if (view.get !== undefined) methods.push('GET');
  if (view.post !== undefined) methods.push('POST');
  return methods.join(',');
}
