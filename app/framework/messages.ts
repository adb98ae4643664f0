/** Flash messages: said in one answer, shown once on the next page (Django's messages). */

import { type Message, updateSession } from './sessions.ts';
import type { RequestContext } from './views.ts';

/** More than this would not fit into the session's cookie. */
const MOST_MESSAGES = 5;

/** Keeps `text` until a page shows it. */
export function addMessage(c: RequestContext, level: Message['level'], text: string): void {
  const messages = [...(c.get('session').messages ?? []), { level, text }];
  updateSession(c, { messages: messages.slice(-MOST_MESSAGES) });
}

/** The messages to show now; the session forgets them. */
export function takeMessages(c: RequestContext): readonly Message[] {
  const { messages } = c.get('session');
  if (messages === undefined) return [];
  updateSession(c, { messages: undefined });
  return messages;
}
