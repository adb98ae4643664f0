/** Limits and times of requests, from the settings. */
import type { ServerOptions } from '../../http1/options.ts';
import { serverOptions } from '../../http1/options.ts';
import type { ConnectionTimes } from '../../wire/exchange.ts';
import { gunicornHeadLimits } from '../../wire/head-limits.ts';
import type { Settings } from '../settings/table.ts';

/** How much of a head is read, with Gunicorn's bounds on the settings applied. */
export interface RequestLimits {
  /** Without the line end. */
  readonly lineBytes: number;
  readonly fields: number;
  /** Name, colon, blank, value and line end. */
  readonly fieldBytes: number;
}

/** Gunicorn: http/message.py MAX_REQUEST_LINE, MAX_HEADERS, DEFAULT_MAX_HEADERFIELD_SIZE. */
const LONGEST_LINE_BYTES = 8190;
const MOST_FIELDS = 32_768;
const USUAL_FIELD_BYTES = 8190;

const STALL_MS = 60_000;
/** After the last answer of a connection, how long the rest of a content is read and dropped. */
export const LINGERING_MS = 2000;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** Reads the three `limit_` settings; 0 stands for the largest value, or the default field size. */
export function requestLimits(settings: Settings): RequestLimits {
  const line = settings.limit_request_line || LONGEST_LINE_BYTES;
  const fields = settings.limit_request_fields || MOST_FIELDS;
  return {
    lineBytes: Math.min(line, LONGEST_LINE_BYTES),
    fields: Math.min(fields, MOST_FIELDS),
    fieldBytes: settings.limit_request_field_size || USUAL_FIELD_BYTES,
  };
}

/** What http1/ is to do with the connections of a fetch application. */
export function http1Options(settings: Settings): ServerOptions {
  const { lineBytes, fields, fieldBytes } = requestLimits(settings);
  return serverOptions({
    // Gunicorn's WSGI workers answer 400 to a line that is too long; RFC 9112 3 has 414 for it.
    headLimits: { ...gunicornHeadLimits(lineBytes, fields, fieldBytes), startLineStatus: 414 },
    times: connectionTimes(settings),
  });
}

function connectionTimes(settings: Settings): ConnectionTimes {
  return {
    contentTimeoutMs: STALL_MS,
    sendTimeoutMs: STALL_MS,
    keepaliveTimeoutMs: settings.keepalive * 1000,
    keepaliveHeaderSeconds: 0,
    keepaliveRequests: NO_LIMIT,
    keepaliveTimeMs: NO_LIMIT,
    lingeringClose: 'on',
    lingeringTimeMs: LINGERING_MS,
    lingeringTimeoutMs: LINGERING_MS,
    resetTimedout: false,
  };
}
