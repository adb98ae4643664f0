/** An application of one page as a fetch handler; it looks at the URL as any router does. */
import { PAGE_TEXT } from './page.ts';

const INIT = { headers: { 'content-type': 'text/html; charset=utf-8' } };

export const app = {
  fetch(request: Request): Response {
    if (!request.url.endsWith('/1k')) return new Response('not found', { status: 404 });
    return new Response(PAGE_TEXT, INIT);
  },
};
