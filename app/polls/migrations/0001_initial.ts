/** Creates the tables of questions and choices. */

import { type Kysely, sql } from 'kysely';

/** Applies the migration. A migration names its tables itself: models move on, migrations stay. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('polls_question')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('question_text', 'varchar(200)', (column) => column.notNull())
    .addColumn('pub_date', 'text', (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex('polls_question_pub_date')
    .on('polls_question')
    .column('pub_date')
    .execute();
  await database.schema
    .createTable('polls_choice')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('question_id', 'integer', (column) =>
      column.notNull().references('polls_question.id').onDelete('cascade'),
    )
    .addColumn('choice_text', 'varchar(200)', (column) => column.notNull())
    .addColumn('votes', 'integer', (column) => column.notNull().defaultTo(0))
    .addCheckConstraint('polls_choice_votes_not_negative', sql`votes >= 0`)
    .execute();
  await database.schema
    .createIndex('polls_choice_question_id')
    .on('polls_choice')
    .column('question_id')
    .execute();
}

/** Undoes the migration, with all questions and votes. */
export async function down(database: Kysely<unknown>): Promise<void> {
  await database.schema.dropTable('polls_choice').execute();
  await database.schema.dropTable('polls_question').execute();
}
