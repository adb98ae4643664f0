/** Variables of nginx's http core module. */
import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { filePath } from './file-path.ts';
import { type HttpRequest, requestLine } from './request.ts';
import { sentField } from './sent-fields.ts';
import { isoTime, logTime, seconds } from './time-text.ts';
import type { VariableRow } from './variables.ts';
import { VERSION } from './version.ts';

const HOSTNAME = hostname().toLowerCase();
const SLASH = 0x2f;

export const coreVariables: readonly VariableRow[] = [
  { name: 'arg_', isPrefix: true, get: (r, name) => argument(r.args, name) },
  { name: 'cookie_', isPrefix: true, get: (r, name) => cookie(r.head.cookie, name) },
  // The fields that nginx too keeps at hand.
  { name: 'http_cookie', get: (r) => r.head.cookie },
  { name: 'http_host', get: (r) => r.head.host },
  { name: 'http_referer', get: (r) => r.head.referer },
  { name: 'http_user_agent', get: (r) => r.head.userAgent },
  { name: 'http_via', get: (r) => r.head.via },
  { name: 'http_x_forwarded_for', get: (r) => r.head.xForwardedFor },
  { name: 'http_', isPrefix: true, get: (r, name) => receivedField(r.head.fields, name) },
  { name: 'sent_http_', isPrefix: true, get: sentField },
  { name: 'args', get: (r) => r.args || undefined, set: setArgs },
  { name: 'query_string', get: (r) => r.args || undefined },
  { name: 'is_args', get: (r) => (r.args === '' ? '' : '?') },
  { name: 'binary_remote_addr', get: (r) => binaryAddress(r.clientAddress) },
  { name: 'body_bytes_sent', get: (r) => String(r.exchange.contentBytesSent) },
  { name: 'bytes_sent', get: (r) => String(r.exchange.bytesSent) },
  { name: 'connection', get: (r) => String(r.connectionNumber) },
  { name: 'connection_requests', get: (r) => String(r.exchange.requestNumber) },
  { name: 'content_length', get: contentLength },
  { name: 'content_type', get: (r) => receivedField(r.head.fields, 'content_type') },
  { name: 'document_root', get: documentRoot },
  { name: 'document_uri', get: (r) => r.uri || undefined },
  { name: 'host', get: (r) => (r.host === '' ? r.server.name : r.host) },
  { name: 'hostname', get: () => HOSTNAME },
  { name: 'https', get: (r) => (r.connection.isTls ? 'on' : '') },
  { name: 'msec', get: (r) => seconds(r.thread.clock.now) },
  { name: 'nginx_version', get: () => VERSION },
  { name: 'pid', get: (r) => String(r.thread.pid) },
  { name: 'pipe', get: (r) => (r.exchange.isPipelined ? 'p' : '.') },
  { name: 'realpath_root', get: realRoot },
  { name: 'remote_addr', get: (r) => r.clientAddress },
  { name: 'remote_port', get: (r) => (r.clientPort === 0 ? '' : String(r.clientPort)) },
  { name: 'remote_user', get: remoteUser },
  { name: 'request', get: (r) => (r.head.method === '' ? undefined : requestLine(r.head)) },
  { name: 'request_completion', get: (r) => (r.isComplete ? 'OK' : '') },
  { name: 'request_filename', get: (r) => filePath(r) },
  { name: 'request_id', get: requestId },
  { name: 'request_length', get: (r) => String(r.exchange.bytesReceived) },
  { name: 'request_method', get: (r) => (r.method === '' ? undefined : r.method) },
  { name: 'request_time', get: (r) => seconds(r.thread.clock.now - r.exchange.startedAt) },
  { name: 'request_uri', get: (r) => requestUri(r.head.target) },
  { name: 'scheme', get: (r) => (r.connection.isTls ? 'https' : 'http') },
  { name: 'server_addr', get: (r) => r.connection.localAddress },
  { name: 'server_name', get: (r) => r.server.name },
  {
    name: 'server_port',
    get: (r) => (r.connection.localPort === 0 ? '' : String(r.connection.localPort)),
  },
  { name: 'server_protocol', get: protocol },
  { name: 'status', get: status },
  { name: 'time_iso8601', get: (r) => isoTime(r.thread.clock.now) },
  { name: 'time_local', get: (r) => logTime(r.thread.clock.now) },
  { name: 'uri', get: (r) => r.uri || undefined },
];

function setArgs(r: HttpRequest, value: string): void {
  r.args = value;
  r.isTargetValid = false;
}

/**
 * nginx's `unparsed_uri`: of an absolute form the part after the authority, so that
 * `https://$host$request_uri` names the host that was checked. `undefined` where there is none.
 */
function requestUri(target: string): string | undefined {
  if (target === '' || target.charCodeAt(0) === SLASH) return target || undefined;
  const authority = target.indexOf('://');
  if (authority === -1) return target;
  const path = target.slice(authority + 3).search(/[/?#]/);
  return path === -1 ? '/' : target.slice(authority + 3 + path);
}

/** nginx `ngx_http_arg`: names without regard to case, first one wins. */
function argument(args: string, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let at = 0; at < args.length; ) {
    let end = args.indexOf('&', at);
    if (end === -1) end = args.length;
    const equals = at + wanted.length;
    if (equals < end && args[equals] === '=' && args.slice(at, equals).toLowerCase() === wanted) {
      return args.slice(equals + 1, end);
    }
    at = end + 1;
  }
  return undefined;
}

/** nginx `ngx_http_parse_multi_header_lines`: names without regard to case. */
function cookie(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  const wanted = name.toLowerCase();
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    if (equals !== -1 && part.slice(0, equals).trim().toLowerCase() === wanted) {
      return part.slice(equals + 1).trim();
    }
  }
  return undefined;
}

/** `$http_x_name`: dashes are underscores; repeated fields joined with ", " (Cookie with "; "). */
export function receivedField(fields: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const field = fields[i]!;
    if (field.length !== name.length || !isNamed(field, name)) continue;
    value =
      value === undefined
        ? fields[i + 1]!
        : value + (name === 'cookie' ? '; ' : ', ') + fields[i + 1]!;
  }
  return value;
}

function isNamed(field: string, name: string): boolean {
  return field.toLowerCase().replaceAll('-', '_') === name;
}

function contentLength(r: HttpRequest): string | undefined {
  // nginx ngx_http_variable_content_length: chunked content has a length once it was read.
  const length = r.head.isChunked ? (r.content?.length ?? -1) : r.head.contentLength;
  return length === -1 ? undefined : String(length);
}

function documentRoot(r: HttpRequest): string {
  return r.location.root.evaluate(r);
}

function realRoot(r: HttpRequest): string | undefined {
  try {
    return realpathSync(Buffer.from(documentRoot(r), 'latin1'), 'latin1');
  } catch {
    // nginx logs and leaves the variable without a value.
    r.logError(`realpath() "${documentRoot(r)}" failed`);
    return undefined;
  }
}

function remoteUser(r: HttpRequest): string | undefined {
  const { authorization } = r.head;
  if (authorization === undefined || !/^basic /i.test(authorization)) return undefined;
  const text = Buffer.from(authorization.slice(6).trim(), 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : text.slice(0, colon);
}

function requestId(r: HttpRequest): string {
  r.requestId ||= randomBytes(16).toString('hex');
  return r.requestId;
}

function protocol(r: HttpRequest): string | undefined {
  const { version, method } = r.head;
  if (method === '') return undefined;
  if (version === 20) return 'HTTP/2.0';
  if (version === 9) return '';
  return version === 10 ? 'HTTP/1.0' : 'HTTP/1.1';
}

/** Three digits; `009` for HTTP/0.9 and `000` where nothing was answered, as nginx writes them. */
function status(r: HttpRequest): string {
  if (r.status !== 0) return String(r.status).padStart(3, '0');
  return r.head.version === 9 ? '009' : '000';
}

/** The address as 4 or 16 bytes, one character each; a Unix socket has none. */
function binaryAddress(address: string): string {
  if (address.includes('.') && !address.includes(':')) {
    return String.fromCharCode(...address.split('.').map(Number));
  }
  if (!address.includes(':') || address.startsWith('unix:')) return '';
  const [head = '', tail] = address.split('::');
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const zeros = new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0);
  const all = [...left, ...zeros, ...right];
  return String.fromCharCode(...all.flatMap((word) => [word >> 8, word & 255]));
}

/** Groups of 16 bits; the last may be an IPv4 address, which is two. */
function words(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((word) => {
    if (!word.includes('.')) return [Number.parseInt(word, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
