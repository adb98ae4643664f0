/** Which answer a browser gave to which question, so that the form shows it again. */

import { type CookieKind, readCookie, sendCookie } from '../framework/cookies.ts';
import type { RequestContext } from '../framework/views.ts';

/** As many as fit into a cookie with room to spare. */
const MOST_ANSWERS = 50;

/** "3:7.4:12": the choice of each question, the latest last. */
const ANSWERS: CookieKind<ReadonlyMap<number, number>> = {
  name: 'answers',
  maxAgeSeconds: 31_536_000,
  isSigned: true,
  read: (text) =>
    new Map(text.split('.').map((pair) => pair.split(':').map(Number) as [number, number])),
  write: (answers) => [...answers].map(([question, choice]) => `${question}:${choice}`).join('.'),
};

/** The id of the choice that this browser voted for last; undefined where it did not. */
export async function answerTo(c: RequestContext, questionId: number): Promise<number | undefined> {
  return (await readCookie(c, ANSWERS))?.get(questionId);
}

/** Keeps what this browser voted for. */
export async function keepAnswer(
  c: RequestContext,
  questionId: number,
  choiceId: number,
): Promise<void> {
  const answers = new Map(await readCookie(c, ANSWERS));
  answers.delete(questionId);
  answers.set(questionId, choiceId);
  await sendCookie(c, ANSWERS, new Map([...answers].slice(-MOST_ANSWERS)));
}
