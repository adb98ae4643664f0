/** A site on a database of its own, asked through its fetch interface. */

import type { TestContext } from 'node:test';
import { migrationModules } from '../../app/config/migrations.ts';
import { readSettings } from '../../app/config/settings.ts';
import { urlpatterns } from '../../app/config/urls.ts';
import { type Application, createApplication } from '../../app/framework/application.ts';
import type { Database } from '../../app/framework/database.ts';
import { migrate } from '../../app/framework/migrations.ts';
import type { Site } from '../../app/framework/site.ts';
import type { UrlPattern } from '../../app/framework/urls.ts';
import { databaseVariables, freshDatabase, temporaryFolder } from './database.ts';

/** Where every request of these tests goes, as the proxy would pass it on. */
export const ORIGIN = 'http://polls.test:8080';

/** A CSRF secret; its own text is a token too. */
const CSRF_SECRET = 'A'.repeat(43);

/** The form fields and cookie of a browser that was shown a form before. */
export const CSRF = {
  field: { csrfmiddlewaretoken: CSRF_SECRET },
  headers: { Cookie: `csrftoken=${CSRF_SECRET}`, 'X-CSRFToken': CSRF_SECRET },
} as const;

/** A migrated site without questions. */
export interface TestSite {
  readonly application: Application['application'];
  readonly site: Site;
  readonly database: Database;
  /** Answers a request for `path` of the site at `origin`, by default `ORIGIN`. */
  request(path: string, init?: RequestInit, origin?: string): Promise<Response>;
  /** Sends `fields` as a browser's form. */
  submit(path: string, fields: Readonly<Record<string, string>>): Promise<Response>;
}

/** What a test changes of the site as it is. */
export interface SiteChanges {
  /** Routes after the site's own. */
  readonly routes?: readonly UrlPattern[];
  /** Variables that the settings are read from. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Builds a site that ends with test `t`. */
export async function createSite(t: TestContext, changes: SiteChanges = {}): Promise<TestSite> {
  const place = await freshDatabase(t);
  const settings = readSettings({
    // What a developer collected in the project's folder is nothing to a test.
    STATIC_ROOT: await temporaryFolder(t),
    ...changes.environment,
    ...databaseVariables(place),
  });
  const { application, site, close } = createApplication({
    ...settings,
    urlpatterns: [...urlpatterns, ...(changes.routes ?? [])],
  });
  t.after(close);
  await migrate(site.database, migrationModules);
  const request = async (path: string, init?: RequestInit, origin = ORIGIN) =>
    application.fetch(withHost(new Request(origin + path, { redirect: 'manual', ...init })));
  return {
    application,
    site,
    database: site.database,
    request,
    submit: (path, fields) =>
      request(path, {
        method: 'POST',
        body: new URLSearchParams({ ...CSRF.field, ...fields }),
        headers: { Origin: ORIGIN, Cookie: CSRF.headers.Cookie },
      }),
  };
}

/** The constructor of Request drops Host; a server's requests have it. */
function withHost(request: Request): Request {
  if (!request.headers.has('host')) request.headers.set('host', new URL(request.url).host);
  return request;
}

/** A question an hour old with `choices` that have no votes. */
export function questionOf(questionText: string, choices: readonly string[], ageMs = 3_600_000) {
  return {
    questionText,
    pubDate: new Date(Date.now() - ageMs),
    choices: choices.map((choiceText) => ({ choiceText, votes: 0 })),
  };
}
