/** The migrations of the polls. A new one is added here under its file's name. */

import * as initial from './0001_initial.ts';

export const appName = 'polls';

export const migrations = {
  '0001_initial': initial,
};
