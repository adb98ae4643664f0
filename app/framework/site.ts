/** What a running site consists of; every view reaches it as `c.var.site`. */

import type { Changes } from './changes.ts';
import type { Database } from './database.ts';
import type { Language, Translator } from './i18n.ts';
import type { OpenEnds } from './open-ends.ts';
import type { Templates } from './templates.ts';
import type { RouteTable } from './urls.ts';
import type { RequestContext } from './views.ts';

/** Statuses that have a page of their own: `templates/<status>.html`. */
export type ErrorStatus = 400 | 403 | 404 | 405 | 413 | 500;

/** Where the files are that only a view can have sent. */
export interface ProtectedFiles {
  /** The folder on the disk that the proxy and the application share. */
  readonly folder: string;
  /** The proxy's internal location of that folder: "/protected/". */
  readonly url: string;
}

/** The parts of a site that live as long as its process. */
export interface Site {
  readonly database: Database;
  /** Word of what any process changes in the database. */
  readonly changes: Changes;
  /** Answers without an end of their own: streams of events, WebSockets. */
  readonly openEnds: OpenEnds;
  readonly templates: Templates;
  readonly routes: RouteTable;
  /** Time zone of dates that people read and write, an IANA name. */
  readonly timeZone: string;
  readonly languages: readonly Language[];
  /** By code of the language. */
  readonly translators: ReadonlyMap<string, Translator>;
  /** Files that the proxy sends where a view says so; see `sendProtected`. */
  readonly protectedFiles: ProtectedFiles;
  /** Keys that sign cookies: the first signs, all verify. */
  secretKeys(): readonly string[];
  /**
   * Renders `template`, by default `<status>.html` of `templates/`, or a plain text where that is
   * broken or missing. Clients that want JSON are told the same as `application/problem+json`.
   */
  errorPage(c: RequestContext, status: ErrorStatus, template?: string): Promise<Response>;
}

/** What `make` gives, made once for each site when it is first asked for. */
export function perSite<Value>(make: (site: Site) => Value): (site: Site) => Value {
  const made = new WeakMap<Site, Value>();
  return (site) => {
    const found = made.get(site) ?? make(site);
    made.set(site, found);
    return found;
  };
}
