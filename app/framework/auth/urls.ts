/** The URLs of logging in and out. */

import { path } from '../urls.ts';
import { login, logout } from './views.ts';

export const appName = 'auth';

export const urlpatterns = [path('login/', login, 'login'), path('logout/', logout, 'logout')];
