/** Questions and their choices: the tables, and every query on them. */

import type { Generated, Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import { type Database, transactionAlone } from '../framework/database.ts';

// Aliases rather than interfaces: kysely's `withTables` takes only what has an index signature.
type QuestionTable = {
  id: Generated<number>;
  question_text: string;
  /** When it appears, ISO 8601 in UTC ("2026-01-31T12:00:00.000Z"), so that text order is time order. */
  pub_date: string;
};

type ChoiceTable = {
  id: Generated<number>;
  question_id: number;
  choice_text: string;
  votes: Generated<number>;
};

type PollsTables = {
  polls_question: QuestionTable;
  polls_choice: ChoiceTable;
};

/** A question that people vote on. */
export type Question = Selectable<QuestionTable>;

/** One answer to a question, with its votes. */
export type Choice = Selectable<ChoiceTable>;

/** A question in a list, with the votes of all its choices. */
export type QuestionSummary = Question & { readonly votes: number };

/** A question to create, its choices in the order they are shown. */
export interface NewQuestion {
  readonly questionText: string;
  readonly pubDate: Date;
  readonly choices: readonly { readonly choiceText: string; readonly votes: number }[];
}

function tablesOf(database: Database): Kysely<PollsTables> {
  return database.withTables<PollsTables>();
}

/** The latest published questions, newest first, at most `limit` after the first `offset`. */
export function latestQuestions(
  database: Database,
  limit: number,
  offset = 0,
): Promise<QuestionSummary[]> {
  return published(database)
    .leftJoin('polls_choice', 'polls_choice.question_id', 'polls_question.id')
    .selectAll('polls_question')
    .select(sql<number>`coalesce(sum(polls_choice.votes), 0)`.as('votes'))
    .groupBy('polls_question.id')
    .orderBy('polls_question.pub_date', 'desc')
    .orderBy('polls_question.id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
}

/** How many questions are published. */
export async function countQuestions(database: Database): Promise<number> {
  const { count } = await published(database)
    .select((of) => of.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** The question `id`, where there is one and its time has come. */
export function findQuestion(database: Database, id: number): Promise<Question | undefined> {
  return published(database)
    .selectAll('polls_question')
    .where('polls_question.id', '=', id)
    .executeTakeFirst();
}

function published(database: Database) {
  return tablesOf(database)
    .selectFrom('polls_question')
    .where('polls_question.pub_date', '<=', new Date().toISOString());
}

/** The choices of the question `questionId` in the order they were created. */
export function choicesOf(database: Database, questionId: number): Promise<Choice[]> {
  return tablesOf(database)
    .selectFrom('polls_choice')
    .selectAll()
    .where('question_id', '=', questionId)
    .orderBy('id')
    .execute();
}

/** The choices of those of `questionIds` that are published, by question; some may have none. */
export async function choicesOfPublished(
  database: Database,
  questionIds: readonly number[],
): Promise<ReadonlyMap<number, readonly Choice[]>> {
  if (questionIds.length === 0) return new Map();
  const questions = await published(database)
    .select('polls_question.id')
    .where('polls_question.id', 'in', questionIds)
    .execute();
  const choices = await tablesOf(database)
    .selectFrom('polls_choice')
    .selectAll()
    .where('question_id', 'in', questionIds)
    .orderBy('id')
    .execute();
  const byQuestion = Map.groupBy(choices, ({ question_id }) => question_id);
  return new Map(questions.map(({ id }) => [id, byQuestion.get(id) ?? []]));
}

/**
 * Adds one vote to the choice `choiceId`. The database does the addition, so votes that several
 * processes cast at once all count.
 */
export async function castVote(database: Database, choiceId: number): Promise<void> {
  await tablesOf(database)
    .updateTable('polls_choice')
    .set((of) => ({ votes: of('votes', '+', 1) }))
    .where('id', '=', choiceId)
    .execute();
}

/** Creates `questions`, all or none. */
export async function createQuestions(
  database: Database,
  questions: readonly NewQuestion[],
): Promise<void> {
  await tablesOf(database)
    .transaction()
    .execute((transaction) => insertQuestions(transaction, questions));
}

/**
 * Creates `questions` only where there is no question at all; says whether it did. Looking and
 * creating are one transaction, so of two runs at once only one creates them.
 */
export function createQuestionsIfNone(
  database: Database,
  questions: readonly NewQuestion[],
): Promise<boolean> {
  return transactionAlone(tablesOf(database), 'polls_question', async (transaction) => {
    const any = await transaction.selectFrom('polls_question').select('id').limit(1).execute();
    if (any.length > 0) return false;
    await insertQuestions(transaction, questions);
    return true;
  });
}

async function insertQuestions(
  transaction: Kysely<PollsTables>,
  questions: readonly NewQuestion[],
): Promise<void> {
  for (const { questionText, pubDate, choices } of questions) {
    const { id } = await transaction
      .insertInto('polls_question')
      .values({ question_text: questionText, pub_date: pubDate.toISOString() })
      .returning('id')
      .executeTakeFirstOrThrow();
    if (choices.length === 0) continue;
    await transaction
      .insertInto('polls_choice')
      .values(
        choices.map(({ choiceText, votes }) => ({
          question_id: id,
          choice_text: choiceText,
          votes,
        })),
      )
      .execute();
  }
}
