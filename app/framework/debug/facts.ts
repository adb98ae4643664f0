/** What a developer wants to know of a request that failed, without secrets. */

import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { getCookie } from 'hono/cookie';
import { readForm } from '../forms.ts';
import type { RequestContext } from '../views.ts';
import { type CodeLine, type Failure, failuresOf, type Place } from './failure.ts';
import { Secrets } from './secrets.ts';

/** Names and values in their order. */
export type Table = readonly (readonly [name: string, value: string])[];

/** All that a page for developers shows. */
export interface DebugFacts {
  readonly status: 404 | 500;
  readonly title: string;
  readonly method: string;
  readonly path: string;
  /** The route that matched, as it is written; undefined where none did. */
  readonly route: string | undefined;
  /** The error and its causes; empty for a page that is not there. */
  readonly failures: readonly Failure[];
  /** The routes in the order they were tried; empty for an error. */
  readonly routes: Table;
  readonly query: Table;
  readonly form: Table;
  readonly cookies: Table;
  readonly fields: Table;
  readonly settings: Table;
  readonly versions: Table;
}

/** The settings of the site, by name. */
export type SettingValues = Readonly<Record<string, unknown>> & {
  readonly staticUrl: string;
  readonly templateFolders: readonly string[];
};

/** Gathers the facts of the request at hand: of `error`, or of a page that is not there. */
export async function factsOf(
  c: RequestContext,
  settings: SettingValues,
  error?: unknown,
): Promise<DebugFacts> {
  const secrets = new Secrets();
  for (const key of c.var.site.secretKeys()) secrets.add(key);
  // What is secret in one of them is hidden in all that comes after, the error's text among it.
  const settingTable = settingsTable(settings, secrets);
  const form = tableOf(await readFormAgain(c), secrets);
  const query = tableOf(new URL(c.req.url).searchParams, secrets);
  const cookies = tableOf(Object.entries(getCookie(c)), secrets);
  const fields = tableOf(c.req.raw.headers, secrets);
  const isMissing = error === undefined;
  const failures = failuresOf(error, settings.templateFolders);
  return {
    status: isMissing ? 404 : 500,
    title: isMissing ? 'Not Found' : 'Internal Server Error',
    method: c.req.method,
    path: secrets.hide(c.req.path),
    route: c.get('route'),
    failures: failures.map((one) => withoutSecrets(one, secrets)),
    routes: isMissing
      ? c.var.site.routes.routes.map((one) => [`/${one.route}`, one.name ?? ''])
      : [],
    query,
    form,
    cookies,
    fields,
    settings: settingTable,
    versions: versions(),
  };
}

/** hono keeps what was read; a form that cannot be read is what failed, and shown as none. */
async function readFormAgain(c: RequestContext): Promise<Iterable<readonly [string, string]>> {
  if (c.req.method !== 'POST') return [];
  return readForm(c).catch(() => []);
}

function tableOf(entries: Iterable<readonly [string, string]>, secrets: Secrets): Table {
  return [...entries].map(([name, value]) => [name, secrets.show(name, value)] as const);
}

function settingsTable(settings: SettingValues, secrets: Secrets): Table {
  return Object.entries(settings)
    .filter(([, value]) => typeof value !== 'function')
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      // The password of a database stands in the middle of its URL.
      if (URL.canParse(text)) secrets.add(decodeURIComponent(new URL(text).password));
      return [name, secrets.show(name, text)] as const;
    });
}

function withoutSecrets(failure: Failure, secrets: Secrets): Failure {
  const clean = (place: Place): Place => ({
    ...place,
    code: place.code.map((line: CodeLine) => ({ ...line, text: secrets.hide(line.text) })),
  });
  return {
    ...failure,
    message: secrets.hide(failure.message),
    template: failure.template && clean(failure.template),
    own: failure.own.map(clean),
  };
}

const PACKAGES = ['hono', 'kysely', 'liquidjs'] as const;

function versions(): Table {
  const packages = PACKAGES.map((name) => {
    const file = findPackageJSON(name, import.meta.url);
    const version = file === undefined ? '' : JSON.parse(readFileSync(file, 'utf8')).version;
    return [name, String(version)] as const;
  });
  return [['Node.js', process.version], ['process', String(process.pid)], ...packages];
}
