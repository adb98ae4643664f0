/** The messages of the chat: their table, and every query on it. */

import type { Generated, Kysely, Selectable } from 'kysely';
import type { Database } from '../framework/database.ts';

// An alias rather than an interface: kysely's `withTables` takes only what has an index signature.
type MessageTable = {
  id: Generated<number>;
  author: string;
  text: string;
  /** ISO 8601 in UTC ("2026-01-31T12:00:00.000Z"). */
  sent_at: string;
};

/** What somebody said. */
export type ChatMessage = Selectable<MessageTable>;

/** Older messages than this many are deleted: anybody may write here. */
const MOST_KEPT = 1000;

function tablesOf(database: Database): Kysely<{ chat_message: MessageTable }> {
  return database.withTables<{ chat_message: MessageTable }>();
}

/** The latest `limit` messages, oldest first. */
export async function latestMessages(database: Database, limit: number): Promise<ChatMessage[]> {
  const latest = await tablesOf(database)
    .selectFrom('chat_message')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return latest.reverse();
}

/** Keeps a message, with the time it is now. Those beyond the latest thousand go. */
export async function addChatMessage(
  database: Database,
  { author, text }: { readonly author: string; readonly text: string },
): Promise<void> {
  const { id } = await tablesOf(database)
    .insertInto('chat_message')
    .values({ author, text, sent_at: new Date().toISOString() })
    .returning('id')
    .executeTakeFirstOrThrow();
  await tablesOf(database)
    .deleteFrom('chat_message')
    .where('id', '<=', id - MOST_KEPT)
    .execute();
}
