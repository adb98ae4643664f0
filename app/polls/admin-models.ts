/** What the admin asks of questions and choices, and every change it makes to them. */

import type { Database } from '../framework/database.ts';
import {
  fetchCount,
  fetchSummaries,
  holdsText,
  type Question,
  type QuestionQuery,
  type QuestionSummary,
  tablesOf,
} from './models.ts';

/** What an edit makes of a question and its choices. */
export interface QuestionChanges {
  readonly questionText: string;
  readonly pubDate: Date;
  /** Texts of new choices, in the order they are shown. */
  readonly added: readonly string[];
  /** Choices that stay, with the texts they have now. Their votes stay too. */
  readonly kept: readonly { readonly id: number; readonly choiceText: string }[];
  /** Choices to delete. One that has votes is deleted only `withVotes`. */
  readonly removed: readonly { readonly id: number; readonly withVotes: boolean }[];
}

/**
 * What became of an edit: "stale" where the question was changed or deleted since that version, "has
 * votes" where a choice is to be removed that has. Both leave everything as it was.
 */
export type ChangeOutcome = 'changed' | 'stale' | 'has votes';

/** Questions with every word of `text` in theirs, newest first, at most `limit` after `offset`. */
export function searchQuestions(
  database: Database,
  text: string,
  limit: number,
  offset: number,
): Promise<QuestionSummary[]> {
  return fetchSummaries(found(database, text), limit, offset);
}

/** How many questions have every word of `text` in theirs. */
export function countFound(database: Database, text: string): Promise<number> {
  return fetchCount(found(database, text));
}

function found(database: Database, text: string): QuestionQuery {
  let query: QuestionQuery = tablesOf(database).selectFrom('polls_question');
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    query = query.where(holdsText(word));
  }
  return query;
}

/** The question `id`, published or not, where there is one. */
export function findAnyQuestion(database: Database, id: number): Promise<Question | undefined> {
  return tablesOf(database)
    .selectFrom('polls_question')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Closes the question `id` now; says whether it was open. A vote that is not counted yet never is. */
export function closeQuestion(database: Database, id: number): Promise<boolean> {
  return setClosedAt(database, id, new Date().toISOString());
}

/** Opens the question `id` again; says whether it was closed. */
export function reopenQuestion(database: Database, id: number): Promise<boolean> {
  return setClosedAt(database, id, null);
}

/** Where it is so already, nothing is changed: it stays closed since it was. */
async function setClosedAt(database: Database, id: number, at: string | null): Promise<boolean> {
  const { numUpdatedRows } = await tablesOf(database)
    .updateTable('polls_question')
    .set({ closed_at: at })
    .where('id', '=', id)
    .where('closed_at', at === null ? 'is not' : 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Deletes the question `id` with its choices and votes; says whether it was there. */
export async function deleteQuestion(database: Database, id: number): Promise<boolean> {
  const { numDeletedRows } = await tablesOf(database)
    .deleteFrom('polls_question')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

/** Makes `changes` to the question `id` if it still is at `version`: all of them or none. */
export async function changeQuestion(
  database: Database,
  id: number,
  version: number,
  changes: QuestionChanges,
): Promise<ChangeOutcome> {
  try {
    await tablesOf(database)
      .transaction()
      .execute(async (transaction) => {
        // First the question, as a vote does: it waits, and what is read of votes below stays true.
        await updateQuestion(transaction, id, version, changes);
        await removeChoices(transaction, id, changes.removed);
        await renameChoices(transaction, id, changes.kept);
        await addChoices(transaction, id, changes.added);
      });
    return 'changed';
  } catch (error) {
    if (error instanceof Refused) return error.outcome;
    throw error;
  }
}

/** Ends a transaction that must not be kept. */
class Refused extends Error {
  readonly outcome: ChangeOutcome;

  constructor(outcome: ChangeOutcome) {
    super(outcome);
    this.outcome = outcome;
  }
}

type Transaction = ReturnType<typeof tablesOf>;

async function updateQuestion(
  transaction: Transaction,
  id: number,
  version: number,
  { questionText, pubDate }: QuestionChanges,
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('polls_question')
    .set({
      question_text: questionText,
      pub_date: pubDate.toISOString(),
      version: version + 1,
    })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new Refused('stale');
}

async function removeChoices(
  transaction: Transaction,
  questionId: number,
  removed: QuestionChanges['removed'],
): Promise<void> {
  for (const { id, withVotes } of removed) {
    const { numDeletedRows } = await transaction
      .deleteFrom('polls_choice')
      .where('id', '=', id)
      .where('question_id', '=', questionId)
      .$if(!withVotes, (query) => query.where('votes', '=', 0))
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw new Refused(withVotes ? 'stale' : 'has votes');
  }
}

async function renameChoices(
  transaction: Transaction,
  questionId: number,
  kept: QuestionChanges['kept'],
): Promise<void> {
  for (const { id, choiceText } of kept) {
    const { numUpdatedRows } = await transaction
      .updateTable('polls_choice')
      .set({ choice_text: choiceText })
      .where('id', '=', id)
      .where('question_id', '=', questionId)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw new Refused('stale');
  }
}

async function addChoices(
  transaction: Transaction,
  questionId: number,
  added: QuestionChanges['added'],
): Promise<void> {
  if (added.length === 0) return;
  await transaction
    .insertInto('polls_choice')
    .values(added.map((choiceText) => ({ question_id: questionId, choice_text: choiceText })))
    .execute();
}
