/**
 * Starts the whole site for a test: a fresh database, the application, and a front that also serves
 * the static files. Whoever starts it stops it.
 *
 * The front here is a bridge on node:http. What a test sees is a URL, so the two tiers can take its
 * place.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { readSettings } from '../../app/config/settings.ts';
import { urlpatterns } from '../../app/config/urls.ts';
import { createApplication } from '../../app/framework/application.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.svg': 'image/svg+xml',
};

/** A running site. */
export interface Stack {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  /** Ends it and deletes its database. */
  stop(): Promise<void>;
}

/** Starts a site with the sample questions on a free port of 127.0.0.1. */
export async function startStack(): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-stack-'));
  const environment = { ...process.env, DATABASE_PATH: join(folder, 'db.sqlite3') };
  await manage('migrate', environment);
  await manage('seed', environment);
  const { application, site } = createApplication({ ...readSettings(environment), urlpatterns });
  const server = createServer(
    frontFor(getRequestListener(application.fetch, { overrideGlobalObjects: false })),
  );
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await site.database.destroy();
      await rm(folder, { recursive: true });
    },
  };
}

async function manage(command: string, env: NodeJS.ProcessEnv): Promise<void> {
  await promisify(execFile)(process.execPath, [join(PROJECT, 'app', 'manage.ts'), command], {
    env,
  });
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => {
    server.once('listening', resolve).once('error', reject);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the front has no port');
  return address.port;
}

function frontFor(application: (request: IncomingMessage, response: ServerResponse) => unknown) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '/';
    if (path.startsWith('/static/')) void sendFile(normalize(path), response);
    else application(request, response);
  };
}

async function sendFile(path: string, response: ServerResponse): Promise<void> {
  try {
    const content = await readFile(join(PROJECT, 'app', path));
    response.setHeader('Content-Type', MEDIA_TYPES[extname(path)] ?? 'application/octet-stream');
    response.end(content);
  } catch {
    // Whatever keeps the file from being read, to the client it is not there.
    response.writeHead(404).end();
  }
}
