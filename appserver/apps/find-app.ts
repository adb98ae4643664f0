/**
 * Finds the application behind a name.
 *
 * ```
 *   MODULE:EXPORT   the export; where a server that listens runs the same, that server, with whatever
 *                   else was hung on it (WebSockets)
 *   MODULE          the first server that has called listen(), as `node MODULE` would serve it
 *                   else the first of the usual exports that is an application
 *   either          where that is none: the first server that is going to listen
 * ```
 */
import type { AppKind } from './detect.ts';
import { type AppOrigin, recogniseApp, refusal, serverApp } from './detect.ts';
import type { ListenTakeover, WebServer } from './listen-takeover.ts';
import {
  type Candidate,
  type LoadedModule,
  loadModule,
  noCandidate,
  parseAppName,
} from './load.ts';

/** An application, ready to be run. */
export interface FoundApp {
  readonly app: AppKind;
  /** Everything its module exports. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Throws AppLoadError. `takeover` was installed before. */
export async function findApp(
  name: string,
  folder: string,
  takeover: ListenTakeover,
): Promise<FoundApp> {
  const parsed = parseAppName(name);
  const loaded = await loadModule(parsed, folder);
  const { exports, candidates } = loaded;
  const isNamed = parsed.export !== undefined;
  const app =
    (isNamed ? undefined : listening(takeover.first)) ??
    (await recogniseFirst(loaded, takeover)) ??
    listening(await takeover.wait());
  if (app === undefined) {
    // Of CommonJS the default is all that is exported.
    const best = candidates.find(({ exportName }) => exportName !== 'default') ?? candidates[0];
    if (best === undefined) throw noCandidate(parsed, exports);
    const place = ` as "${best.exportName || parsed.export}" of "${parsed.module}"`;
    throw refusal(await best.value, place);
  }
  takeover.decide(app.kind === 'node' ? app.server : undefined);
  return { app, exports };
}

function listening(server: WebServer | undefined): AppKind | undefined {
  return server === undefined ? undefined : serverApp(server, 'listening http.Server');
}

async function recogniseFirst(
  { candidates, importPackage }: LoadedModule,
  takeover: ListenTakeover,
): Promise<AppKind | undefined> {
  for (const candidate of candidates) {
    const value = await candidate.value;
    const app = await recogniseApp(value, originOf(candidate, importPackage, takeover));
    if (app !== undefined) return withServer(app, value, takeover.first);
  }
  return undefined;
}

function originOf(
  { exportName }: Candidate,
  importPackage: AppOrigin['importPackage'],
  takeover: ListenTakeover,
): AppOrigin {
  return { exportName, importPackage, expectListen: (server) => takeover.expect(server) };
}

/** `app.listen()` of Express makes a server whose only listener is the app itself. */
function withServer(app: AppKind, value: unknown, server: WebServer | undefined): AppKind {
  if (app.kind !== 'node' || app.listener === undefined || server === undefined) return app;
  const isSame = (server.listeners('request') as unknown[]).includes(value);
  return isSame ? { ...app, server, listener: undefined } : app;
}
