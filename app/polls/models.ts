/** Questions and their choices: the tables, and every query on them. */

import type { Generated, Kysely, QueryCreator, Selectable, SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import { type Database, locksRows, transactionAlone } from '../framework/database.ts';

// Aliases rather than interfaces: kysely's `withTables` takes only what has an index signature.
type QuestionTable = {
  id: Generated<number>;
  question_text: string;
  /** When it appears, ISO 8601 in UTC ("2026-01-31T12:00:00.000Z"), so that text order is time order. */
  pub_date: string;
  /** Since when it takes no votes, written as `pub_date`; null while it is open. */
  closed_at: Generated<string | null>;
  /** One more with each change of its text, date or choices; votes leave it. */
  version: Generated<number>;
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

/** Questions chosen and not fetched yet. */
export type QuestionQuery = SelectQueryBuilder<PollsTables, 'polls_question', object>;

/** `database` with the tables of the polls. */
export function tablesOf(database: Database): Kysely<PollsTables> {
  return database.withTables<PollsTables>();
}

/** The latest published questions, newest first, at most `limit` after the first `offset`. */
export function latestQuestions(
  database: Database,
  limit: number,
  offset = 0,
): Promise<QuestionSummary[]> {
  return fetchSummaries(published(tablesOf(database)), limit, offset);
}

/** How many questions are published. */
export function countQuestions(database: Database): Promise<number> {
  return fetchCount(published(tablesOf(database)));
}

/** The questions of `query` with their votes, newest first, at most `limit` after `offset`. */
export function fetchSummaries(
  query: QuestionQuery,
  limit: number,
  offset: number,
): Promise<QuestionSummary[]> {
  return query
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

/** How many questions `query` chooses. */
export async function fetchCount(query: QuestionQuery): Promise<number> {
  const { count } = await query
    .select((of) => of.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** The question `id`, where there is one and its time has come. */
export function findQuestion(database: Database, id: number): Promise<Question | undefined> {
  return published(tablesOf(database))
    .selectAll('polls_question')
    .where('polls_question.id', '=', id)
    .executeTakeFirst();
}

function published(tables: QueryCreator<PollsTables>): QuestionQuery {
  return tables
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

/** A choice beside its question; a question without choices is one line with no choice. */
export interface ExportLine {
  readonly question_id: number;
  readonly question_text: string;
  readonly pub_date: string;
  readonly choice_id: number | null;
  readonly choice_text: string | null;
  readonly votes: number | null;
}

/** Which lines to export. */
export interface ExportChoice {
  /** These questions alone; empty for all. */
  readonly questionIds: readonly number[];
  /** Only questions whose text holds this, in upper or lower case; '' for all. */
  readonly search: string;
}

/** Lines that one query of an export reads. */
const EXPORT_PAGE = 500;

/** What is counted of a question. */
export interface QuestionVotes {
  readonly isClosed: boolean;
  readonly choices: readonly Choice[];
}

/** The votes of those of `questionIds` that are published, by question. */
export async function votesOfPublished(
  database: Database,
  questionIds: readonly number[],
): Promise<ReadonlyMap<number, QuestionVotes>> {
  if (questionIds.length === 0) return new Map();
  const questions = await published(tablesOf(database))
    .select(['polls_question.id', 'polls_question.closed_at'])
    .where('polls_question.id', 'in', questionIds)
    .execute();
  const choices = await tablesOf(database)
    .selectFrom('polls_choice')
    .selectAll()
    .where('question_id', 'in', questionIds)
    .orderBy('id')
    .execute();
  const byQuestion = Map.groupBy(choices, ({ question_id }) => question_id);
  return new Map(
    questions.map(({ id, closed_at }) => [
      id,
      { isClosed: closed_at !== null, choices: byQuestion.get(id) ?? [] },
    ]),
  );
}

/**
 * Every published question with its choices in the order they were created, in pages of 500 lines.
 * Each page is a query of its own, so nothing is held while a reader takes its time: a stream of
 * kysely's would keep the connection, of which an SQLite file has one per thread. So votes cast
 * during an export count in what follows.
 */
export async function* exportLines(
  database: Database,
  choice: ExportChoice,
): AsyncGenerator<readonly ExportLine[]> {
  let after = { question_id: 0, choice_id: 0 };
  for (;;) {
    const lines = await exportPage(database, choice, after);
    if (lines.length > 0) yield lines;
    const last = lines.at(-1);
    if (last === undefined || lines.length < EXPORT_PAGE) return;
    after = { question_id: last.question_id, choice_id: last.choice_id ?? 0 };
  }
}

function exportPage(
  database: Database,
  { questionIds, search }: ExportChoice,
  after: { readonly question_id: number; readonly choice_id: number },
): Promise<ExportLine[]> {
  let query = published(database)
    .leftJoin('polls_choice', 'polls_choice.question_id', 'polls_question.id')
    .select([
      'polls_question.id as question_id',
      'question_text',
      'pub_date',
      'polls_choice.id as choice_id',
      'choice_text',
      'votes',
    ])
    .where('polls_question.id', '>=', after.question_id)
    .where((of) =>
      of.or([
        of('polls_question.id', '>', after.question_id),
        of('polls_choice.id', '>', after.choice_id),
      ]),
    );
  if (questionIds.length > 0) query = query.where('polls_question.id', 'in', questionIds);
  if (search !== '') query = query.where(holdsText(search));
  return query.orderBy('polls_question.id').orderBy('polls_choice.id').limit(EXPORT_PAGE).execute();
}

/** Upper and lower case are alike; on SQLite those of ASCII alone, as in Django's `icontains`. */
export function holdsText(search: string) {
  const pattern = `%${search.replaceAll(/[!%_]/g, '!$&')}%`;
  return sql<boolean>`lower(polls_question.question_text) like lower(${pattern}) escape '!'`;
}

/**
 * Adds one vote to the choice `choiceId`; says whether it did. False where its question is closed, not
 * published, or gone. The database does the addition, so votes that several processes cast at once
 * all count, and it looks at the question in the same statement: once a question was closed, no vote
 * comes after. PostgreSQL needs the lock for it, SQLite has one writer at a time.
 */
export async function castVote(database: Database, choiceId: number): Promise<boolean> {
  const { numUpdatedRows } = await tablesOf(database)
    .with('open', (tables) =>
      published(tables)
        .select('polls_question.id')
        .where('closed_at', 'is', null)
        .where('polls_question.id', '=', (of) =>
          of.selectFrom('polls_choice').select('question_id').where('id', '=', choiceId),
        )
        .$if(locksRows(database), (question) => question.forShare()),
    )
    .updateTable('polls_choice')
    .from('open')
    .set((of) => ({ votes: of('polls_choice.votes', '+', 1) }))
    .where('polls_choice.id', '=', choiceId)
    .whereRef('polls_choice.question_id', '=', 'open.id')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
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
