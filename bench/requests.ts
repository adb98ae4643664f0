/** The requests that the rows send, and what a right answer looks like. */

/** One kind of request. */
export interface RequestShape {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of request content; 0 for none. */
  readonly contentLength: number;
  /** Bytes of content that a right answer (always 200) has. */
  readonly answerLength: number;
}

const KILOBYTE = 1024;

/** A file of 1 KB. */
export const SMALL_FILE = get('/1k.html', KILOBYTE);
/** A file of 64 KB. */
export const LARGE_FILE = get('/64k.html', 64 * KILOBYTE);
/** 200 bytes from the backend. */
export const SMALL_PROXIED = get('/app/200', 200);
/** 64 KB from the backend. */
export const LARGE_PROXIED = get('/app/64k', 64 * KILOBYTE);
/** 16 KB to the backend, 200 bytes back. */
export const POSTED: RequestShape = {
  ...SMALL_PROXIED,
  method: 'POST',
  contentLength: 16 * KILOBYTE,
};
/** A file of 1 KB on a connection of its own. */
export const ONE_SHOT: RequestShape = { ...SMALL_FILE, headers: { Connection: 'close' } };
/** A file of 1 KB, asked for as a browser does. */
export const COMPRESSIBLE: RequestShape = {
  ...SMALL_FILE,
  headers: { 'Accept-Encoding': 'gzip, deflate, br' },
};
/** A page of 1 KB from an application. */
export const PAGE = get('/1k', KILOBYTE);

/** The same request to another virtual server. */
export function atHost(request: RequestShape, host: string): RequestShape {
  return { ...request, headers: { ...request.headers, Host: host } };
}

/** The request as bytes on the wire. */
export function wireForm(request: RequestShape): string {
  const lines = [`${request.method} ${request.path} HTTP/1.1`];
  if (request.headers['Host'] === undefined) lines.push('Host: localhost');
  for (const [name, value] of Object.entries(request.headers)) lines.push(`${name}: ${value}`);
  if (request.contentLength > 0) lines.push(`Content-Length: ${request.contentLength}`);
  return `${lines.join('\r\n')}\r\n\r\n${'x'.repeat(request.contentLength)}`;
}

function get(path: string, answerLength: number): RequestShape {
  return { method: 'GET', path, headers: {}, contentLength: 0, answerLength };
}
