/** The applications whose migrations make up the database. */

import * as chat from '../chat/migrations/index.ts';
import * as auth from '../framework/auth/migrations/index.ts';
import type { MigrationModule } from '../framework/migrations.ts';
import * as polls from '../polls/migrations/index.ts';

export const migrationModules: readonly MigrationModule[] = [auth, chat, polls];
