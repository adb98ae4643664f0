/** Builds the application that the pool serves: middleware, routes and error pages on hono. */

import { type Handler, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { Changes } from './changes.ts';
import { connectDatabase } from './database.ts';
import { answerForDeveloper } from './debug/answer.ts';
import { type Language, readCatalogue, Translator } from './i18n.ts';
import { chooseLanguage } from './language.ts';
import { OpenEnds } from './open-ends.ts';
import { wanted } from './requests.ts';
import { sameOriginOnly } from './same-origin.ts';
import { sessions } from './sessions.ts';
import { pageOf } from './shortcuts.ts';
import type { ErrorStatus, Site } from './site.ts';
import { readManifest, staticAddresses } from './static/manifest.ts';
import { createTemplates } from './templates.ts';
import { type CompiledRoute, RouteTable, type UrlPattern } from './urls.ts';
import { CSRF_PAGE, dispatch, type Env, type RequestContext } from './views.ts';

/** What a site is made of; `config/settings.ts` and `config/urls.ts` give it. */
export interface ApplicationOptions {
  /** SQLite file or `postgres://` URL. */
  readonly database: string;
  readonly templateFolders: readonly string[];
  readonly staticUrl: string;
  /** Folder of the collected static files, whose manifest pages go by where there is one. */
  readonly staticRoot: string;
  readonly languages: readonly Language[];
  readonly localeFolder: string;
  readonly timeZone: string;
  /**
   * Templates are read again for every page, static files are named as they are written, and errors
   * show where they came from.
   */
  readonly debug: boolean;
  /** Longest request content in bytes; beyond it 413. */
  readonly contentLimitBytes: number;
  /** Where `sendProtected` finds its files, and where the proxy does. */
  readonly protectedFolder: string;
  readonly protectedUrl: string;
  /** Keys that sign cookies: the first signs, all verify. Asked for with the first request. */
  secretKeys(): readonly string[];
  readonly urlpatterns: readonly UrlPattern[];
}

/** An application and the site behind it. */
export interface Application {
  /** Has `fetch(request)`, which the pool calls. */
  readonly application: Hono<Env>;
  readonly site: Site;
  /** Closes what the site opened, after its last request. */
  close(): Promise<void>;
}

/** Builds the application. Nothing is opened until the first request asks for it. */
export function createApplication(options: ApplicationOptions): Application {
  const routes = new RouteTable(options.urlpatterns);
  const translators = new Map(
    options.languages.map((language) => [
      language.code,
      new Translator(language, readCatalogue(options.localeFolder, language), options.timeZone),
    ]),
  );
  const templates = createTemplates({
    folders: options.templateFolders,
    staticAddress: staticAddresses(
      options.staticUrl,
      options.debug ? undefined : readManifest(options.staticRoot),
    ),
    translators: [...translators.values()],
    timeZone: options.timeZone,
    reload: options.debug,
    reverse: (name, ...values) => routes.reverse(name, ...values),
  });
  const { debug: isForDevelopers, urlpatterns: _, ...settings } = options;
  const site: Site = {
    database: connectDatabase(options.database),
    changes: new Changes(options.database),
    openEnds: new OpenEnds(),
    templates,
    languages: options.languages,
    translators,
    routes,
    timeZone: options.timeZone,
    protectedFiles: { folder: options.protectedFolder, url: options.protectedUrl },
    secretKeys: () => options.secretKeys(),
    errorPage: (c, status, template) =>
      isForDevelopers && status === 404
        ? answerForDeveloper(c, settings)
        : renderErrorPage(c, status, template),
  };
  const application = new Hono<Env>();
  application.use(async (c, next) => {
    c.set('site', site);
    await next();
  });
  application.use(sessions());
  application.use(chooseLanguage(options.languages.map(({ code }) => code)));
  application.use(securityFields());
  application.use(
    bodyLimit({ maxSize: options.contentLimitBytes, onError: (c) => site.errorPage(c, 413) }),
  );
  application.use(sameOriginOnly());
  for (const route of routes.routes) application.all(route.honoPath, handlerFor(route));
  for (const route of routes.routes) appendSlash(application, route);
  application.notFound((c) => site.errorPage(c, 404));
  application.onError((error, c) =>
    answerError(error, c, () =>
      isForDevelopers ? answerForDeveloper(c, settings, error) : site.errorPage(c, 500),
    ),
  );
  const close = async () => {
    site.openEnds.closeAll();
    await site.changes.close();
    await site.database.destroy();
  };
  return { application, site, close };
}

/** Pages take nothing from other sites, run no inline script or style, and are not framed. */
function securityFields() {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      objectSrc: ["'none'"],
    },
    referrerPolicy: 'same-origin',
    xFrameOptions: 'DENY',
    // The proxy that speaks TLS knows whether this site may promise it.
    strictTransportSecurity: false,
    // Browsers ignore it over plain HTTP, with an error in the console.
    crossOriginOpenerPolicy: false,
    crossOriginResourcePolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}

function handlerFor(route: CompiledRoute): Handler<Env> {
  return async (c, next) => {
    const params = route.readParams(c.req.param());
    // A later route may fit; else there is no such page.
    if (params === undefined) return next();
    c.set('route', route.route);
    // `path` checked that this view takes what this route's converters give.
    return dispatch(route.view, c, params as never);
  };
}

/** Sends `/polls` to `/polls/` where only the latter is a page (Django's APPEND_SLASH). */
function appendSlash(application: Hono<Env>, route: CompiledRoute): void {
  if (!route.honoPath.endsWith('/') || route.honoPath === '/') return;
  application.on(['GET', 'HEAD'], route.honoPath.slice(0, -1), (c) => {
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(`${pathname}/${search}`, 301);
  });
}

const PLAIN_TEXTS: Readonly<Record<ErrorStatus, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  500: 'Internal Server Error',
};

async function renderErrorPage(
  c: RequestContext,
  status: ErrorStatus,
  template = `${status}.html`,
): Promise<Response> {
  if (wanted(c, 'html') === 'json') return answerProblem(c, status);
  // What broke may be what knows who asks: the page does without, unless somebody knew before.
  if (status === 500) c.set('user', c.get('user') ?? null);
  try {
    return c.html(await c.var.site.templates.render(template, {}, await pageOf(c)), status);
  } catch (error) {
    console.error(`cannot render ${template}:`, error);
    return c.text(`${PLAIN_TEXTS[status]}\n`, status);
  }
}

/** RFC 9457: a problem whose type is "about:blank" is what its status says. */
function answerProblem(c: RequestContext, status: ErrorStatus): Response {
  const problem = { type: 'about:blank', title: PLAIN_TEXTS[status], status };
  return c.json(problem, status, { 'Content-Type': 'application/problem+json' });
}

/** The path for a line of the log, escapes and all: decoded, as `c.req.path` is, it may hold line ends. */
function pathAsSent(c: RequestContext): string {
  return new URL(c.req.url).pathname;
}

/** A request that cannot be read is the client's, and the log has a line; else it has the whole cause. */
async function answerError(
  error: Error,
  c: RequestContext,
  answer: () => Promise<Response>,
): Promise<Response> {
  if (error instanceof HTTPException) {
    const status = error.status;
    if (status === 400) {
      console.error(`Bad Request: ${pathAsSent(c)}: ${error.message}`);
      return c.var.site.errorPage(c, status);
    }
    // Only the check for forms of other sites throws it.
    if (status === 403) return c.var.site.errorPage(c, status, CSRF_PAGE);
  }
  console.error(`Internal Server Error: ${pathAsSent(c)}\n`, error);
  return answer();
}
