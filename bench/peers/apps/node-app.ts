/** An application of one page as a (req, res) listener. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PAGE_TEXT } from './page.ts';

export function app(req: IncomingMessage, res: ServerResponse): void {
  if (req.url !== '/1k') {
    res.writeHead(404).end('not found');
    return;
  }
  res.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': PAGE_TEXT.length,
  });
  res.end(PAGE_TEXT);
}
