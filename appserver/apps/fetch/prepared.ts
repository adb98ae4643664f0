/**
 * Responses that are made of what they were given only when they are sent: srvx's FastResponse, which
 * h3 and Nitro answer with. Read as a Response they have lost the type and the length of their body.
 */
import { PassThrough, pipeline, Readable } from 'node:stream';

/** What such a response says it is. */
interface Prepared {
  readonly status: number;
  readonly statusText: string;
  /** Names and values, flat. */
  readonly headers: readonly string[];
  readonly body: unknown;
}

interface Preparing {
  _toNodeResponse(): Prepared;
}

interface Pipeable {
  pipe(target: NodeJS.WritableStream): unknown;
}

/** A Response of ours for one that srvx made; any other as it is. */
export function unprepared(response: Response): Response {
  if (!isPreparing(response)) return response;
  const { status, statusText, headers: flat, body } = response._toNodeResponse();
  const headers = new Headers();
  for (let i = 0; i + 1 < flat.length; i += 2) headers.append(flat[i]!, flat[i + 1]!);
  const content = isPipeable(body)
    ? webStream(body)
    : (body as ConstructorParameters<typeof Response>[0]);
  return new Response(content ?? null, { status, statusText, headers });
}

function isPreparing(response: object): response is Preparing {
  return '_toNodeResponse' in response && typeof response._toNodeResponse === 'function';
}

function isPipeable(body: unknown): body is Pipeable {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}

/** React's streams can be piped and nothing else. */
function webStream(body: Pipeable): ReadableStream {
  const through = new PassThrough();
  // An error reaches the reader of `through`.
  if (body instanceof Readable) pipeline(body, through, () => {});
  else body.pipe(through);
  return Readable.toWeb(through) as ReadableStream;
}
