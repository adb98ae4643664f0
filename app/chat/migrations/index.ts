/** The migrations of the chat. A new one is added here under its file's name. */

import * as initial from './0001_initial.ts';

export const appName = 'chat';

export const migrations = {
  '0001_initial': initial,
};
