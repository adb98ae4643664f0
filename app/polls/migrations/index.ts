/** The migrations of the polls. A new one is added here under its file's name. */

import * as initial from './0001_initial.ts';
import * as questionClosedAtVersion from './0002_question_closed_at_version.ts';
import * as announceChanges from './0003_announce_changes.ts';

export const appName = 'polls';

export const migrations = {
  '0001_initial': initial,
  '0002_question_closed_at_version': questionClosedAtVersion,
  '0003_announce_changes': announceChanges,
};
