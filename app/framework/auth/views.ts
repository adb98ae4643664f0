/** The pages for logging in and out. */

import { readForm } from '../forms.ts';
import { message } from '../i18n.ts';
import { addMessage } from '../messages.ts';
import { clientAddress, safeNext } from '../requests.ts';
import { gettext, redirect, render } from '../shortcuts.ts';
import type { View } from '../views.ts';
import { authenticate, logout as endSession, login as startSession } from './login.ts';

/** The form for name and password; `next` of the query says where to go afterwards. */
export const login: View<unknown> = {
  get(c) {
    const next = c.req.query('next') ?? '';
    return render(c, 'registration/login.html', { next, username: '', errors: {} });
  },
  async post(c) {
    const form = await readForm(c);
    const username = form.get('username') ?? '';
    const next = form.get('next') ?? '';
    const user = await authenticate(c.var.site.database, username, form.get('password') ?? '');
    if (user === undefined) {
      console.error(`login failed for ${JSON.stringify(username)} from ${clientAddress(c)}`);
      const errors = { login: message('Please enter a correct name and password.') };
      return render(c, 'registration/login.html', { next, username, errors }, 400);
    }
    startSession(c, user);
    addMessage(c, 'success', gettext(c, message('Welcome, {name}.'), { name: user.username }));
    return c.redirect(safeNext(c, next, '/'), 303);
  },
};

/** Logs out; by a form alone, so that no link of another site does it. */
export const logout: View<unknown> = {
  post(c) {
    endSession(c);
    addMessage(c, 'success', gettext(c, message('You have been logged out.')));
    return redirect(c, 'auth:login');
  },
};
