/** `proxy_next_upstream`: in which cases a request goes to the next peer. */

export const NEXT_ERROR = 1;
export const NEXT_TIMEOUT = 2;
export const NEXT_INVALID_HEADER = 4;
export const NEXT_HTTP_500 = 8;
export const NEXT_HTTP_502 = 16;
export const NEXT_HTTP_503 = 32;
export const NEXT_HTTP_504 = 64;
export const NEXT_HTTP_403 = 128;
export const NEXT_HTTP_404 = 256;
export const NEXT_HTTP_429 = 512;
export const NEXT_NON_IDEMPOTENT = 1024;
export const NEXT_OFF = 2048;

/** Words of the directive. */
export const NEXT_WORDS: Readonly<Record<string, number>> = {
  error: NEXT_ERROR,
  timeout: NEXT_TIMEOUT,
  invalid_header: NEXT_INVALID_HEADER,
  non_idempotent: NEXT_NON_IDEMPOTENT,
  http_500: NEXT_HTTP_500,
  http_502: NEXT_HTTP_502,
  http_503: NEXT_HTTP_503,
  http_504: NEXT_HTTP_504,
  http_403: NEXT_HTTP_403,
  http_404: NEXT_HTTP_404,
  http_429: NEXT_HTTP_429,
  off: NEXT_OFF,
};

export const NEXT_DEFAULT: number = NEXT_ERROR | NEXT_TIMEOUT;

/** The case that a response's status is, 0 where it is none. */
export function caseOfStatus(status: number): number {
  switch (status) {
    case 500:
      return NEXT_HTTP_500;
    case 502:
      return NEXT_HTTP_502;
    case 503:
      return NEXT_HTTP_503;
    case 504:
      return NEXT_HTTP_504;
    case 403:
      return NEXT_HTTP_403;
    case 404:
      return NEXT_HTTP_404;
    case 429:
      return NEXT_HTTP_429;
    default:
      return 0;
  }
}

/** What the client is told where there is no next peer. */
export function statusOfCase(reason: number): number {
  switch (reason) {
    case NEXT_TIMEOUT:
    case NEXT_HTTP_504:
      return 504;
    case NEXT_HTTP_500:
      return 500;
    case NEXT_HTTP_503:
      return 503;
    case NEXT_HTTP_403:
      return 403;
    case NEXT_HTTP_404:
      return 404;
    case NEXT_HTTP_429:
      return 429;
    default:
      return 502;
  }
}

/** nginx's list of methods that are not sent again once an upstream may have seen them. */
export function isNonIdempotent(method: string): boolean {
  return method === 'POST' || method === 'LOCK' || method === 'PATCH';
}
