/** The URLs of the chat, below the prefix that `config/urls.ts` gives them. */

import { path } from '../framework/urls.ts';
import { room, socket } from './views.ts';

export const appName = 'chat';

export const urlpatterns = [path('', room, 'room'), path('socket/', socket, 'socket')];
