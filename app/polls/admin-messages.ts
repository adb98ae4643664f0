/** What the admin says after a change. */

import { addMessage } from '../framework/messages.ts';
import type { Message } from '../framework/sessions.ts';
import { gettext } from '../framework/shortcuts.ts';
import type { RequestContext } from '../framework/views.ts';

/** Characters of a question that a message repeats: messages travel in a cookie. */
const LONGEST_QUOTE = 40;

/** Keeps the message `id` about a question for the next page; `{question}` in it becomes its text. */
export function say(
  c: RequestContext,
  level: Message['level'],
  id: string,
  questionText: string,
): void {
  addMessage(c, level, gettext(c, id, { question: shorten(questionText) }));
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= LONGEST_QUOTE
    ? text
    : `${characters.slice(0, LONGEST_QUOTE - 1).join('')}…`;
}
