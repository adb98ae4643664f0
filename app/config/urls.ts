/** The URLs of the whole site. */

import * as chat from '../chat/urls.ts';
import * as auth from '../framework/auth/urls.ts';
import { setLanguage } from '../framework/language.ts';
import { redirect } from '../framework/shortcuts.ts';
import { include, path } from '../framework/urls.ts';
import * as admin from '../polls/admin.ts';
import * as polls from '../polls/urls.ts';

export const urlpatterns = [
  path('', { get: (c) => redirect(c, 'polls:index') }, 'home'),
  path('language/', setLanguage, 'set_language'),
  ...include('polls/', polls),
  ...include('chat/', chat),
  ...include('accounts/', auth),
  ...include('admin/', admin),
];
