/** Debian's Gunicorn and Django, the pool and the application that ours are compared with. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Gunicorn's program. */
export const GUNICORN = '/usr/bin/gunicorn';

/** The Python that Debian's packages are installed for. */
export const PYTHON = '/usr/bin/python3';

/**
 * The `skip` option of a test that needs Gunicorn: false where it is installed, else why it is
 * skipped. Throws where CI is set.
 */
export function lacksGunicorn(): string | false {
  return existsSync(GUNICORN) ? false : lack();
}

/** The same of Gunicorn with Django. */
export function lacksDjango(): string | false {
  const hasDjango = () => spawnSync(PYTHON, ['-c', 'import django']).status === 0;
  return existsSync(GUNICORN) && hasDjango() ? false : lack();
}

function lack(): string {
  const why = 'Debian\'s gunicorn and python3-django are not installed: run "npm run peers"';
  if (process.env['CI'] === 'true') throw new Error(why);
  console.error(`SKIPPED: ${why}`);
  return why;
}
