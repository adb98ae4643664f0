/** Entity tags: a client that has the answer already gets 304 and no content. */

import { etag } from 'hono/etag';
import type { ViewHandler } from './views.ts';

const addEntityTag = etag({ weak: true });

/**
 * `handler` with an ETag made of its content. The content is made in any case; what is saved is its
 * way to the client. An error has none, so that it never becomes a 304 (RFC 9110 13.2.1).
 */
export function withEntityTag<Params>(handler: ViewHandler<Params>): ViewHandler<Params> {
  return async (c, params) => {
    const response = await handler(c, params);
    await addEntityTag(c, async () => {
      c.res = response;
    });
    return c.res;
  };
}
