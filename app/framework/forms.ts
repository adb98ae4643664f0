/** Reading submitted forms. */

import { HTTPException } from 'hono/http-exception';
import type { RequestContext } from './views.ts';

/** The text fields of a form, by name; of a repeated name the last one. */
export type FormFields = ReadonlyMap<string, string>;

/** What a form's check says: its clean values, or what to tell the person by field, as message ids. */
export type FormResult<Values> =
  | { readonly isValid: true; readonly values: Values }
  | { readonly isValid: false; readonly errors: Readonly<Record<string, string>> };

/**
 * Reads the request's content as a form, URL-encoded or multipart. Another media type gives no
 * fields; content that is malformed is answered 400.
 */
export async function readForm(c: RequestContext): Promise<FormFields> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(await parseContent(c))) {
    if (typeof value === 'string') fields.set(name, value);
  }
  return fields;
}

async function parseContent(c: RequestContext) {
  try {
    return await c.req.parseBody();
  } catch (cause) {
    throw new HTTPException(400, { message: 'malformed form content', cause });
  }
}
