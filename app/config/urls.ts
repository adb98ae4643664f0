/** The URLs of the whole site. */

import { redirect } from '../framework/shortcuts.ts';
import { include, path } from '../framework/urls.ts';
import * as polls from '../polls/urls.ts';

export const urlpatterns = [
  path('', { get: (c) => redirect(c, 'polls:index') }, 'home'),
  ...include('polls/', polls),
];
