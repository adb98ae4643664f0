/** Variables of nginx's http core module. */
import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import type { RequestHead } from '../../wire/exchange.ts';
import { hostPort } from '../../wire/host.ts';
import { parseTarget } from '../../wire/target.ts';
import { systemFailure } from '../config/paths.ts';
import { CRIT } from '../log/error-log.ts';
import { filePath } from './file-path.ts';
import { type HttpRequest, requestLine } from './request.ts';
import type { Getter } from './script.ts';
import { sentField } from './sent-fields.ts';
import { isoTime, logTime, seconds } from './time-text.ts';
import type { VariableRow } from './variables.ts';
import { VERSION } from './version.ts';

const HOSTNAME = hostname().toLowerCase();
const SLASH = 0x2f;

/** Fields of the reply whose variables are nginx's own, so that nothing else may be defined by the name. */
const SENT_FIELDS: readonly string[] = [
  'cache_control',
  'connection',
  'content_length',
  'content_type',
  'keep_alive',
  'last_modified',
  'link',
  'location',
  'transfer_encoding',
];

function sentGetter(name: string): Getter {
  return (r) => sentField(r, name);
}

export const coreVariables: readonly VariableRow[] = [
  { name: 'arg_', isPrefix: true, get: (r, name) => argument(r.args, name) },
  { name: 'cookie_', isPrefix: true, get: (r, name) => cookie(r.head.cookie, name) },
  // The fields that nginx too keeps at hand.
  { name: 'http_cookie', get: (r) => r.head.cookie },
  { name: 'http_host', get: (r) => r.head.host },
  { name: 'http_referer', get: ({ head }) => joinedField(head, 'referer', head.referer) },
  { name: 'http_user_agent', get: ({ head }) => joinedField(head, 'user_agent', head.userAgent) },
  { name: 'http_via', get: (r) => r.head.via },
  { name: 'http_x_forwarded_for', get: (r) => r.head.xForwardedFor },
  { name: 'http_', isPrefix: true, get: (r, name) => receivedField(r.head.fields, name) },
  ...SENT_FIELDS.map((name) => ({ name: `sent_http_${name}`, get: sentGetter(name) })),
  { name: 'sent_http_', isPrefix: true, get: sentField },
  { name: 'args', get: args, set: setArgs },
  { name: 'query_string', get: args },
  { name: 'is_args', get: (r) => (r.args === '' ? '' : '?') },
  { name: 'binary_remote_addr', get: (r) => binaryAddress(r.clientAddress) },
  { name: 'body_bytes_sent', get: bodyBytesSent },
  { name: 'bytes_sent', get: (r) => String(r.exchange.bytesSent) },
  { name: 'connection', get: (r) => String(r.connectionNumber) },
  { name: 'connection_requests', get: (r) => String(r.exchange.requestNumber) },
  { name: 'content_length', get: contentLength },
  { name: 'content_type', get: (r) => receivedField(r.head.fields, 'content_type') },
  { name: 'document_root', get: documentRoot },
  { name: 'document_uri', get: path },
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
  { name: 'request_port', get: ({ head }) => String(requestPort(head) || '') },
  { name: 'is_request_port', get: ({ head }) => (requestPort(head) === 0 ? '' : ':') },
  { name: 'request_time', get: (r) => seconds(r.thread.clock.now - r.exchange.startedAt) },
  { name: 'request_uri', get: (r) => (r.isPathInvalid ? undefined : requestUri(r.head.target)) },
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
  { name: 'uri', get: path },
];

/** nginx counts all but the head: the sizes of chunks are content too. */
function bodyBytesSent({ exchange }: HttpRequest): string {
  return String(exchange.bytesSent - exchange.headBytesSent);
}

/** Empty where the target was no path that can be, and without a value where none was read. */
function path(r: HttpRequest): string | undefined {
  if (r.uri !== '' || r.isPathInvalid) return r.uri;
  return undefined;
}

function args(r: HttpRequest): string | undefined {
  return r.hasArgs ? r.args : undefined;
}

function setArgs(r: HttpRequest, value: string): void {
  r.args = value;
  r.hasArgs = true;
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

/** The port that the client asked for, of an absolute target if there is one; 0 for none. */
function requestPort({ target, host }: RequestHead): number {
  const authority = target.charCodeAt(0) === SLASH ? host : (parseTarget(target).host ?? host);
  return authority === undefined ? 0 : hostPort(authority);
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

/** A field that is at hand, unless it came more than once. */
function joinedField(
  head: RequestHead,
  name: string,
  first: string | undefined,
): string | undefined {
  return head.repeatsSingleton ? receivedField(head.fields, name) : first;
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
    // The system's own: Node's takes `file/` for the file.
    return realpathSync.native(Buffer.from(documentRoot(r), 'latin1'), 'latin1');
  } catch (error) {
    // nginx logs and leaves the variable without a value.
    r.log(CRIT, systemFailure('realpath', documentRoot(r), error));
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

/**
 * nginx `ngx_http_variable_status`: the status that an error page keeps, else that of the reply so far.
 * Three digits; `009` for HTTP/0.9 and `000` where nothing was answered, as nginx writes them.
 */
function status(r: HttpRequest): string {
  const known = r.errorStatus !== 0 ? r.errorStatus : r.status;
  if (known !== 0) return String(known).padStart(3, '0');
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
