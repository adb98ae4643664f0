/** The page of the chat, and the WebSocket behind it. */

import { randomBytes } from 'node:crypto';
import { currentUser } from '../framework/auth/login.ts';
import { message } from '../framework/i18n.ts';
import { gettext, render } from '../framework/shortcuts.ts';
import type { RequestContext, View } from '../framework/views.ts';
import {
  acceptWebSocket,
  type LiveSocket,
  POLICY_VIOLATION,
  type SocketHandler,
} from '../framework/web-sockets.ts';
import { CHAT_LIMITS, checkMessage, readSentMessage } from './forms.ts';
import { addChatMessage, type ChatMessage, latestMessages } from './models.ts';
import { Rate } from './rate.ts';
import { MOST_SHOWN, roomOf } from './room.ts';

/** The latest messages, and the form that the script wakes. */
export const room: View<unknown> = {
  async get(c) {
    const said = await latestMessages(c.var.site.database, MOST_SHOWN);
    return render(c, 'chat/room.html', { said, ...CHAT_LIMITS });
  },
};

/**
 * The WebSocket. The client sends `{ text, name }`, and hears
 * - `{ type: "hello", name }`: what it is called;
 * - `{ type: "messages", messages: [{ id, author, text, at }] }`: the latest, then each new one;
 * - `{ type: "error", text }`: why its last message was not taken, in the language of the request.
 */
export const socket: View<unknown> = {
  async get(c) {
    const user = await currentUser(c);
    return acceptWebSocket(c, (live) => join(c, live, user?.username));
  },
};

function join(c: RequestContext, live: LiveSocket, username: string | undefined): SocketHandler {
  const { site } = c.var;
  const ownName = username ?? `guest-${randomBytes(2).toString('hex')}`;
  const rate = new Rate();
  const fail = (id: string) => tell(live, { type: 'error', text: gettext(c, id, CHAT_LIMITS) });
  tell(live, { type: 'hello', name: ownName });
  const leave = roomOf(site).enter((messages) =>
    tell(live, { type: 'messages', messages: messages.map(publicMessage) }),
  );
  /** One after the other, so that they are kept in the order they came in. */
  let keeping = Promise.resolve();
  return {
    message(json) {
      const sent = readSentMessage(json);
      const verdict = rate.next();
      if (sent === undefined || verdict === 'abuse') return live.close(POLICY_VIOLATION);
      if (verdict === 'refuse') return fail(message('That was too fast. Please wait a moment.'));
      const form = checkMessage(sent);
      if (!form.isValid) return fail(Object.values(form.errors)[0] ?? '');
      const { text, name } = form.values;
      const author = username ?? (name === '' ? ownName : `guest-${name}`);
      keeping = keeping
        .then(() => addChatMessage(site.database, { author, text }))
        .catch((error: unknown) => {
          console.error('a message of the chat was not kept:', error);
          fail(message('Your message was not saved. Please send it again.'));
        });
    },
    closed: leave,
  };
}

function tell(live: LiveSocket, value: object): void {
  live.send(JSON.stringify(value));
}

function publicMessage({ id, author, text, sent_at }: ChatMessage) {
  return { id, author, text, at: sent_at };
}
