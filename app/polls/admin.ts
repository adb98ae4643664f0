/** The admin of the polls, for staff alone. Its addresses and their names are those of Django's. */

import { staffOnly } from '../framework/auth/login.ts';
import type { Database } from '../framework/database.ts';
import { readForm } from '../framework/forms.ts';
import { message } from '../framework/i18n.ts';
import { paginate } from '../framework/paginator.ts';
import { safeNext } from '../framework/requests.ts';
import { redirect, render } from '../framework/shortcuts.ts';
import { path } from '../framework/urls.ts';
import type { View } from '../framework/views.ts';
import { add, change } from './admin-form.ts';
import { say } from './admin-messages.ts';
import {
  closeQuestion,
  countFound,
  deleteQuestion,
  findAnyQuestion,
  reopenQuestion,
  searchQuestions,
} from './admin-models.ts';
import { choicesOf, type Question } from './models.ts';
import { tally } from './tally.ts';

/** Questions on a page of the list. */
const QUESTIONS_PER_PAGE = 20;

/** Longest text to search for in UTF-16 units; what follows is left out. */
const LONGEST_SEARCH = 200;

interface QuestionParams {
  readonly questionId: number;
}

const home: View<unknown> = { get: (c) => redirect(c, 'admin:polls_question_changelist') };

/** All questions, page by page; `q` of the query leaves those that hold its words. */
const changeList: View<unknown> = {
  async get(c) {
    const { database } = c.var.site;
    // PostgreSQL takes no null character, so no question holds one.
    const q = (c.req.query('q') ?? '').replaceAll('\0', '').slice(0, LONGEST_SEARCH).trim();
    const count = await countFound(database, q);
    const page = paginate(count, QUESTIONS_PER_PAGE, c.req.query('page'));
    if (page === undefined) return c.notFound();
    const questions = await searchQuestions(database, q, page.limit, page.offset);
    return render(c, 'admin/polls/question/change_list.html', {
      questions: questions.map((question) => ({ ...question, state: stateOf(question) })),
      count,
      page,
      q,
      query: q === '' ? '' : `q=${encodeURIComponent(q)}&`,
    });
  },
};

function stateOf({ closed_at, pub_date }: Question): 'published' | 'scheduled' | 'closed' {
  if (closed_at !== null) return 'closed';
  return pub_date > new Date().toISOString() ? 'scheduled' : 'published';
}

/** Asks before a question is deleted, then deletes it. */
const remove: View<QuestionParams> = {
  async get(c, { questionId }) {
    const { database } = c.var.site;
    const question = await findAnyQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    const choices = await choicesOf(database, questionId);
    return render(c, 'admin/polls/question/delete_confirmation.html', {
      question,
      votes: tally(choices).total,
      choices: choices.length,
    });
  },
  async post(c, { questionId }) {
    const { database } = c.var.site;
    const question = await findAnyQuestion(database, questionId);
    if (question === undefined || !(await deleteQuestion(database, questionId))) {
      return c.notFound();
    }
    say(c, 'success', message('The poll “{question}” was deleted.'), question.question_text);
    return redirect(c, 'admin:polls_question_changelist');
  },
};

const close = switchTo(
  closeQuestion,
  message('The poll “{question}” is now closed.'),
  message('The poll “{question}” was already closed.'),
);

const reopen = switchTo(
  reopenQuestion,
  message('The poll “{question}” is open again.'),
  message('The poll “{question}” was already open.'),
);

/** Closes or opens a question and leads back to where that was asked for, `next` of the form. */
function switchTo(
  apply: (database: Database, id: number) => Promise<boolean>,
  done: string,
  already: string,
): View<QuestionParams> {
  return {
    async post(c, { questionId }) {
      const { database, routes } = c.var.site;
      const question = await findAnyQuestion(database, questionId);
      if (question === undefined) return c.notFound();
      const isApplied = await apply(database, questionId);
      if (isApplied) say(c, 'success', done, question.question_text);
      else say(c, 'info', already, question.question_text);
      const next = (await readForm(c)).get('next');
      return c.redirect(safeNext(c, next, routes.reverse('admin:polls_question_changelist')), 303);
    },
  };
}

export const appName = 'admin';

export const urlpatterns = [
  path('', staffOnly(home), 'index'),
  path('polls/question/', staffOnly(changeList), 'polls_question_changelist'),
  path('polls/question/add/', staffOnly(add), 'polls_question_add'),
  path('polls/question/<int:questionId>/change/', staffOnly(change), 'polls_question_change'),
  path('polls/question/<int:questionId>/close/', staffOnly(close), 'polls_question_close'),
  path('polls/question/<int:questionId>/reopen/', staffOnly(reopen), 'polls_question_reopen'),
  path('polls/question/<int:questionId>/delete/', staffOnly(remove), 'polls_question_delete'),
];
