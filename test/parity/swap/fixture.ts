/**
 * What the sample site holds, as Django's `loaddata` reads it. By hand:
 * `node test/parity/swap/fixture.ts db.sqlite3 | python3 manage.py loaddata --format json -`
 */
import { DatabaseSync } from 'node:sqlite';

/** The questions and choices of a SQLite database of the sample site. */
export function fixtureOf(database: string): readonly object[] {
  const questions = readRows(database, 'SELECT * FROM polls_question');
  const choices = readRows(database, 'SELECT * FROM polls_choice');
  return [
    ...questions.map(({ id, question_text, pub_date }) => ({
      model: 'polls.question',
      pk: id,
      fields: { question_text, pub_date },
    })),
    ...choices.map(({ id, question_id: question, choice_text, votes }) => ({
      model: 'polls.choice',
      pk: id,
      fields: { question, choice_text, votes },
    })),
  ];
}

/** All rows that a query finds in a SQLite file, which it does not change. */
export function readRows(path: string, query: string) {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

if (import.meta.main) console.log(JSON.stringify(fixtureOf(process.argv[2] ?? '')));
