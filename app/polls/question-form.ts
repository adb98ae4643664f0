/**
 * The admin's form for a question and its choices. Its fields have Django's names: those of the choices
 * are numbered, `choice_set-0-choice_text`, and `choice_set-TOTAL_FORMS` says how many there are.
 */

import type { FormFields, FormResult } from '../framework/forms.ts';
import { message } from '../framework/i18n.ts';
import { readLocalText, toLocalText } from '../framework/time-zones.ts';
import type { QuestionChanges } from './admin-models.ts';
import type { Choice, Question } from './models.ts';

/** Longest text of a question or choice in characters, as wide as their columns. */
export const LONGEST_TEXT = 200;

/** Fewest choices that a question may be saved with. */
export const LEAST_CHOICES = 2;

/** Most choices that a question may be saved with. */
export const MOST_CHOICES = 20;

/** Empty rows for new choices that a form is shown with, and that are added on request. */
const EXTRA_ROWS = 3;

/** More rows than this are not read. */
const MOST_ROWS = 100;

/** A question as somebody typed it. */
export interface QuestionInput {
  readonly questionText: string;
  /** Local time in the site's time zone: "2026-01-31T12:00". */
  readonly pubDate: string;
  readonly rows: readonly ChoiceInput[];
}

/** One row for a choice. */
export interface ChoiceInput {
  /** Prefix of its fields: "choice_set-0". */
  readonly name: string;
  /** Absent in a row for a new choice. */
  readonly id?: number;
  readonly choiceText: string;
  readonly isRemoved: boolean;
  /** Its votes may go with it: somebody was asked. */
  readonly withVotes: boolean;
}

/** The form for a new question that appears at once. */
export function newInput(timeZone: string): QuestionInput {
  return {
    questionText: '',
    pubDate: toLocalText(new Date(), timeZone),
    rows: withExtraRows([]),
  };
}

/** The form for a question as it is. */
export function inputOf(
  question: Question,
  choices: readonly Choice[],
  timeZone: string,
): QuestionInput {
  const rows = choices.map((choice, index) => ({
    name: `choice_set-${index}`,
    id: choice.id,
    choiceText: choice.choice_text,
    isRemoved: false,
    withVotes: false,
  }));
  return {
    questionText: question.question_text,
    pubDate: toLocalText(new Date(question.pub_date), timeZone),
    rows: withExtraRows(rows),
  };
}

/** `rows` and some empty ones, as far as there may be more choices. */
export function withExtraRows(rows: readonly ChoiceInput[]): readonly ChoiceInput[] {
  const count = Math.min(EXTRA_ROWS, Math.max(0, MOST_CHOICES - rows.length));
  const extra = Array.from({ length: count }, (_, index) => ({
    name: `choice_set-${rows.length + index}`,
    choiceText: '',
    isRemoved: false,
    withVotes: false,
  }));
  return [...rows, ...extra];
}

/** Reads what was typed; checks nothing. */
export function readInput(fields: FormFields): QuestionInput {
  const count = Math.min(readId(fields.get('choice_set-TOTAL_FORMS')) ?? 0, MOST_ROWS);
  return {
    questionText: (fields.get('question_text') ?? '').trim(),
    pubDate: fields.get('pub_date') ?? '',
    rows: Array.from({ length: count }, (_, index) => readRow(fields, `choice_set-${index}`)),
  };
}

function readRow(fields: FormFields, name: string): ChoiceInput {
  const id = readId(fields.get(`${name}-id`));
  return {
    name,
    ...(id !== undefined && { id }),
    choiceText: (fields.get(`${name}-choice_text`) ?? '').trim(),
    isRemoved: fields.has(`${name}-DELETE`),
    withVotes: fields.has(`${name}-WITH_VOTES`),
  };
}

/** A number without sign as a form holds it; undefined where `text` is none. */
export function readId(text = ''): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * Checks `input`: the changes it stands for, or messages by the name of the field, of which those
 * about all the choices have the name `choices`. The date of `current`, the question as it is, keeps
 * the seconds that the form does not show.
 */
export function checkInput(
  input: QuestionInput,
  timeZone: string,
  current?: Question,
): FormResult<QuestionChanges> {
  const errors: Record<string, string> = {};
  const note = (name: string, error: string | undefined) => {
    if (error !== undefined) errors[name] = error;
  };
  note('question_text', textError(input.questionText, message('Enter a question.')));
  const pubDate = readPubDate(input.pubDate, timeZone, current);
  if (!(pubDate instanceof Date)) errors['pub_date'] = pubDate;
  const staying = input.rows.filter(staysOrComes);
  for (const row of staying) note(`${row.name}-choice_text`, rowError(row, staying));
  note('choices', countError(staying.length));
  if (!(pubDate instanceof Date) || Object.keys(errors).length > 0) {
    return { isValid: false, errors };
  }
  return { isValid: true, values: { ...sortRows(input), pubDate } };
}

/** Not the rows that are empty and not those that are to be removed. */
function staysOrComes({ id, choiceText, isRemoved }: ChoiceInput): boolean {
  return !isRemoved && (id !== undefined || choiceText !== '');
}

function textError(text: string, ifEmpty: string): string | undefined {
  if (text === '') return ifEmpty;
  // PostgreSQL stores none.
  if (text.includes('\0')) return message('Null characters are not allowed.');
  // The columns count characters, `length` half of those beyond the Basic Multilingual Plane.
  if ([...text].length > LONGEST_TEXT) return message('Use at most {length} characters.');
  return undefined;
}

function rowError(row: ChoiceInput, all: readonly ChoiceInput[]): string | undefined {
  const error = textError(row.choiceText, message('Enter some text, or remove the choice.'));
  if (error !== undefined) return error;
  const first = all.find((one) => likenessOf(one.choiceText) === likenessOf(row.choiceText));
  return first === row ? undefined : message('This choice already exists.');
}

function likenessOf(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ');
}

function countError(count: number): string | undefined {
  if (count < LEAST_CHOICES) return message('Enter at least {least} choices.');
  if (count > MOST_CHOICES) return message('Enter at most {most} choices.');
  return undefined;
}

function readPubDate(text: string, timeZone: string, current: Question | undefined): Date | string {
  const before = current === undefined ? undefined : new Date(current.pub_date);
  if (before !== undefined && toLocalText(before, timeZone) === text) return before;
  const read = readLocalText(text, timeZone);
  if (read === 'malformed') return message('Enter a valid date and time.');
  if (read === 'unclear') {
    return message('Clock changes in {zone} skip or repeat this time. Choose another.');
  }
  return read;
}

function sortRows({ questionText, rows }: QuestionInput): Omit<QuestionChanges, 'pubDate'> {
  const added: string[] = [];
  const kept: { id: number; choiceText: string }[] = [];
  const removed: { id: number; withVotes: boolean }[] = [];
  for (const { id, choiceText, isRemoved, withVotes } of rows) {
    if (id === undefined) {
      if (choiceText !== '' && !isRemoved) added.push(choiceText);
    } else if (isRemoved) removed.push({ id, withVotes });
    else kept.push({ id, choiceText });
  }
  return { questionText, added, kept, removed };
}
