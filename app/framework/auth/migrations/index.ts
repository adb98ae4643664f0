/** The migrations of the users. */

import * as initial from './0001_initial.ts';

export const appName = 'auth';

export const migrations = {
  '0001_initial': initial,
};
