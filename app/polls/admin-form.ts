/** The pages of the admin that add a question and change one, with its choices. */

import { readForm } from '../framework/forms.ts';
import { message } from '../framework/i18n.ts';
import { redirect, render } from '../framework/shortcuts.ts';
import type { RequestContext, View } from '../framework/views.ts';
import { say } from './admin-messages.ts';
import { changeQuestion, findAnyQuestion } from './admin-models.ts';
import { type Choice, choicesOf, createQuestions, type Question } from './models.ts';
import {
  checkInput,
  inputOf,
  LEAST_CHOICES,
  LONGEST_TEXT,
  MOST_CHOICES,
  newInput,
  type QuestionInput,
  readId,
  readInput,
  withExtraRows,
} from './question-form.ts';

/** Name of the button that asks for more rows instead of saving. */
const MORE_ROWS = '_addrows';

/** A form to show. */
interface ShownForm {
  readonly input: QuestionInput;
  /** Absent where the question is new. Its version is that of the form, not the latest. */
  readonly question?: Question;
  readonly choices?: readonly Choice[];
  readonly errors?: Readonly<Record<string, string>>;
  /** Somebody else changed the question since the form was opened. */
  readonly isStale?: boolean;
}

/** A form for a new question; creates it. */
export const add: View<unknown> = {
  get: (c) => showForm(c, { input: newInput(c.var.site.timeZone) }),
  async post(c) {
    const { database, timeZone } = c.var.site;
    const fields = await readForm(c);
    const input = readInput(fields);
    if (fields.has(MORE_ROWS)) return showForm(c, { input: withMoreRows(input) });
    const form = checkInput(input, timeZone);
    if (!form.isValid) return showForm(c, { input, errors: form.errors }, 400);
    const { questionText, pubDate, added } = form.values;
    const choices = added.map((choiceText) => ({ choiceText, votes: 0 }));
    await createQuestions(database, [{ questionText, pubDate, choices }]);
    say(c, 'success', message('The poll “{question}” was added.'), questionText);
    return redirect(c, 'admin:polls_question_changelist');
  },
};

/** A form for a question that is there; changes it, unless somebody else did meanwhile. */
export const change: View<{ readonly questionId: number }> = {
  async get(c, { questionId }) {
    const { database, timeZone } = c.var.site;
    const question = await findAnyQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    const choices = await choicesOf(database, questionId);
    return showForm(c, { question, choices, input: inputOf(question, choices, timeZone) });
  },
  async post(c, { questionId }) {
    const { database, timeZone } = c.var.site;
    const current = await findAnyQuestion(database, questionId);
    if (current === undefined) return c.notFound();
    const fields = await readForm(c);
    const input = readInput(fields);
    const version = readId(fields.get('version')) ?? 0;
    const question = { ...current, version };
    const choices = await choicesOf(database, questionId);
    if (fields.has(MORE_ROWS)) {
      return showForm(c, { question, choices, input: withMoreRows(input) });
    }
    const form = checkInput(input, timeZone, current);
    if (!form.isValid) return showForm(c, { question, choices, input, errors: form.errors }, 400);
    switch (await changeQuestion(database, questionId, version, form.values)) {
      case 'changed':
        say(c, 'success', message('The poll “{question}” was changed.'), form.values.questionText);
        return redirect(c, 'admin:polls_question_changelist');
      case 'stale':
        return showForm(c, { question, choices, input, isStale: true }, 409);
      case 'has votes':
        return askAboutVotes(c, question, input);
    }
  },
};

/** Shows the form once more where a choice is to be removed that has votes by now. */
async function askAboutVotes(
  c: RequestContext,
  question: Question,
  input: QuestionInput,
): Promise<Response> {
  const choices = await choicesOf(c.var.site.database, question.id);
  const voted = new Set(choices.filter(({ votes }) => votes > 0).map(({ id }) => id));
  const errors: Record<string, string> = {};
  for (const { name, id, isRemoved, withVotes } of input.rows) {
    if (id === undefined || !voted.has(id) || !isRemoved || withVotes) continue;
    errors[`${name}-WITH_VOTES`] = message('This choice already has votes. Remove it anyway?');
  }
  return showForm(c, { question, choices, input, errors }, 400);
}

function withMoreRows(input: QuestionInput): QuestionInput {
  return { ...input, rows: withExtraRows(input.rows) };
}

function showForm(c: RequestContext, form: ShownForm, status: 200 | 400 | 409 = 200) {
  const { input, errors = {}, choices = [] } = form;
  const votes = new Map(choices.map((choice) => [choice.id, choice.votes]));
  return render(
    c,
    'admin/polls/question/change_form.html',
    {
      question: form.question ?? null,
      input,
      rows: input.rows.map((row) => ({
        ...row,
        id: row.id ?? '',
        votes: votes.get(row.id ?? 0) ?? 0,
      })),
      mayHaveMore: input.rows.length < MOST_CHOICES,
      isStale: form.isStale === true,
      errors,
      summary: Object.entries(errors).map(([field, error]) => ({ field, error })),
      limits: {
        length: LONGEST_TEXT,
        least: LEAST_CHOICES,
        most: MOST_CHOICES,
        zone: c.var.site.timeZone,
      },
    },
    status,
  );
}
