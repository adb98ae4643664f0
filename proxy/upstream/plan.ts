/** What a location with `proxy_pass` does with its requests: all of it decided at load. */
import type { ClientTimes } from '../../http1/response-sink.ts';
import type { ClientContent } from '../http/body.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import type { PassProblem, PassTarget } from './pass.ts';
import type { RequestTemplate } from './request-template.ts';
import type { ResponseFields } from './response-fields.ts';

/** Bits of `proxy_ignore_headers`. */
export const IGNORE_REDIRECT = 1;
export const IGNORE_EXPIRES = 2;
export const IGNORE_LIMIT_RATE = 4;
export const IGNORE_BUFFERING = 8;
export const IGNORE_CHARSET = 16;
export const IGNORE_CACHING = 32;

/** What the pipeline lends to an exchange with an upstream. */
export interface Services {
  /** The owner of the request content. */
  contentOf(r: HttpRequest): ClientContent;
  /** Answers from where X-Accel-Redirect leads. */
  accelRedirect(r: HttpRequest, to: string): void;
  /** Field lines of a 101 response, from the reply's slots. */
  upgradeLines(r: HttpRequest): string;
}

/** Settings of one location, times in milliseconds, sizes in bytes. */
export interface ProxyPlan {
  /** Where to, where that is known at load. */
  readonly target: PassTarget | undefined;
  /** Where to, for this request; used where `target` is `undefined`. */
  readonly evaluateTarget: (r: HttpRequest) => PassTarget | PassProblem;
  /** Length of the location's name, which the URI of `proxy_pass` replaces. */
  readonly locationLength: number;

  readonly template: RequestTemplate;
  /** `undefined` sends the client's method. */
  readonly method: Value | undefined;
  /** 10 or 11. */
  readonly httpVersion: number;
  /** Replaces the client's content. */
  readonly body: Value | undefined;
  readonly passesContent: boolean;
  readonly buffersContent: boolean;

  readonly fields: ResponseFields;
  readonly ignoredFields: number;
  readonly interceptsErrors: boolean;
  readonly buffering: boolean;
  /** Bound of a response head. */
  readonly bufferSize: number;
  /** How much of a response may wait for a slow client while buffering is on. */
  readonly buffersSize: number;
  readonly ignoresClientAbort: boolean;
  readonly passesTrailers: boolean;

  readonly connectTimeoutMs: number;
  readonly times: ClientTimes;
  /** Bits of `next.ts`. */
  readonly nextUpstream: number;
  /** 0 is no bound. */
  readonly nextTries: number;
  readonly nextTimeoutMs: number;
  readonly services: Services;
}
