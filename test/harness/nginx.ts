/** Starts Debian's nginx, the oracle of the parity tests, in the same way as ours. */
import { existsSync } from 'node:fs';
import { type Front, type FrontKind, type FrontOptions, startFront } from './front.ts';

const PROGRAM = '/usr/sbin/nginx';

const TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Debian's nginx, kept to its folder. */
export const NGINX: FrontKind = {
  name: 'nginx',
  // As root it would run workers as nobody, who may not write the logs of the folder.
  mainLines: process.geteuid?.() === 0 ? ['user root;'] : [],
  httpLines: TEMP_PATHS.map((name) => `${name}_temp_path ${name}_temp;`),
  command: (folder, file) => ({
    file: PROGRAM,
    args: ['-p', folder, '-e', 'error.log', '-c', file],
  }),
};

/**
 * The `skip` option of a test that needs nginx: false where it is installed, else why it is skipped.
 * Throws where CI is set: there, parity is not optional.
 */
export function lacksNginx(): string | false {
  if (existsSync(PROGRAM)) return false;
  const why = 'Debian\'s nginx is not installed: run "npm run peers"';
  if (process.env['CI'] === 'true') throw new Error(why);
  console.error(`SKIPPED: ${why}`);
  return why;
}

/** Starts nginx on the inside of an http block; ports as in front.ts. */
export function startNginx(http: string, options?: FrontOptions): Promise<Front> {
  return startFront(NGINX, http, options);
}
