/** What every front serves: files, and the common backend behind a Unix socket. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOAD_CORE } from './cores.ts';
import { type Launched, launch } from './launch.ts';
import { page } from './page.ts';
import { NGINX } from './peers/programs.ts';
import { LARGE_FILE, SMALL_FILE, SMALL_PROXIED } from './requests.ts';

/** The temporary folder of one run and what stands in it. */
export interface Site {
  readonly folder: string;
  /** Document root. */
  readonly root: string;
  /** Unix socket of the backend. */
  readonly backend: string;
}

/**
 * Makes the folder with its files. Open to all: a front started by root serves as another user.
 * Whoever made it removes it with `removeSite`.
 */
export function makeSite(): Site {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  chmodSync(folder, 0o755);
  const root = join(folder, 'root');
  mkdirSync(root);
  writeFileSync(join(root, '1k.html'), page(SMALL_FILE.answerLength));
  writeFileSync(join(root, '64k.html'), page(LARGE_FILE.answerLength));
  return { folder, root, backend: join(folder, 'backend.sock') };
}

/** Removes the folder with all that stands in it. */
export function removeSite(site: Site): void {
  rmSync(site.folder, { recursive: true, force: true });
}

/**
 * Starts the backend on the core of the load: nginx, because it costs little and always the same.
 * It reads and drops what is posted to it.
 */
export function startBackend(site: Site): Launched {
  const folder = join(site.folder, 'backend');
  mkdirSync(folder);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, backendConf(site, folder));
  const command = { file: NGINX, args: ['-p', folder, '-c', file] };
  return launch(command, LOAD_CORE, join(folder, 'output.log'));
}

function backendConf(site: Site, folder: string): string {
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  open_file_cache max=10;
  open_file_cache_valid 600s;
  server {
    listen unix:${site.backend};
    default_type text/html;
    location = /app/200 { return 200 "${'x'.repeat(SMALL_PROXIED.answerLength)}"; }
    location = /app/64k { alias ${site.root}/64k.html; }
  }
}
`;
}
