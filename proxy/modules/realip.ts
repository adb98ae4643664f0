/**
 * The client's address as a trusted proxy in front says it: nginx's ngx_http_realip_module. It
 * changes what `$remote_addr`, allow and deny, and the logs take for the client.
 */
import { type Directive, fail, HTTP, LOCATION, type Scope, SERVER } from '../config/directive.ts';
import { type Network, parseNetwork, readNetwork } from '../config/network.ts';
import { append, assign, flag } from '../config/readers.ts';
import { defineModule } from '../http/module.ts';
import { DECLINED, type Step, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import { findClient, type Trusted } from './realip-chain.ts';

interface Conf {
  readonly set_real_ip_from: readonly ('unix:' | Network)[];
  /** Field name as written. */
  readonly real_ip_header: string;
  readonly real_ip_recursive: boolean;
}

const IN = HTTP | SERVER | LOCATION;

export const realIp = defineModule<Conf>({
  name: 'http_realip',
  directives: [
    { name: 'set_real_ip_from', in: IN, args: [1, 1], set: append(source) },
    { name: 'real_ip_header', in: IN, args: [1, 1], set: assign(fieldName) },
    { name: 'real_ip_recursive', in: IN, args: 'flag', set: assign(flag) },
  ],
  defaults: { set_real_ip_from: [], real_ip_header: 'X-Real-IP', real_ip_recursive: false },
  variables: [
    { name: 'realip_remote_addr', get: (r) => r.connection.remoteAddress },
    {
      name: 'realip_remote_port',
      get: ({ connection: { remotePort } }) => (remotePort === 0 ? '' : String(remotePort)),
    },
  ],
  phases: {
    // nginx: the server's settings as soon as the head is read, a location's when it is found.
    post_read: replaceStep,
    preaccess: replaceStep,
  },
});

function source(directive: Directive, scope: Scope): 'unix:' | Network {
  const [word = ''] = directive.args;
  if (word === 'unix:') return word;
  if (parseNetwork(word) === undefined) {
    // What cannot be a name nginx does not find either.
    const isName = !/[/:[\]]/.test(word) && word !== 'all';
    const reason = isName
      ? `host names in "set_real_ip_from" are not supported by Tandem: "${word}"`
      : `host not found in set_real_ip_from "${word}"`;
    fail(directive, reason);
  }
  return readNetwork(word, directive, scope);
}

function fieldName(directive: Directive): string {
  const [name = ''] = directive.args;
  if (name === 'proxy_protocol') {
    fail(directive, '"real_ip_header proxy_protocol" is not supported by Tandem');
  }
  return name;
}

function replaceStep(conf: Conf): Step | undefined {
  const { set_real_ip_from: sources, real_ip_header: name, real_ip_recursive: isRecursive } = conf;
  if (sources.length === 0) return undefined;
  const trusted: Trusted = {
    networks: sources.filter((from) => from !== 'unix:'),
    isUnixTrusted: sources.includes('unix:'),
  };
  const lower = name.toLowerCase();
  // All X-Forwarded-For fields are one list; of any other field the first counts.
  const isList = name === 'X-Forwarded-For';
  return (r) => {
    const value = isList ? r.head.xForwardedFor : firstField(r.head.fields, lower);
    return value === undefined ? DECLINED : replaceClient(r, value, trusted, isRecursive);
  };
}

/** ngx_http_realip_handler: once per request. */
function replaceClient(
  r: HttpRequest,
  value: string,
  trusted: Trusted,
  isRecursive: boolean,
): Verdict {
  const { remoteAddress, remotePort } = r.connection;
  if (r.clientAddress !== remoteAddress || r.clientPort !== remotePort) return DECLINED;
  const client = findClient(remoteAddress, value, trusted, isRecursive);
  if (client !== undefined) {
    r.clientAddress = client.address;
    r.clientPort = client.port;
  }
  return DECLINED;
}

function firstField(fields: readonly string[], lower: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === lower.length && name.toLowerCase() === lower) return fields[i + 1];
  }
  return undefined;
}
