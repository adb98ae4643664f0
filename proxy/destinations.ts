/**
 * Where the requests of a configuration go on to: each `upstream` block and each address that a
 * `proxy_pass` names, also by variables whose values stand in the file (`set`, `map`, `geo`,
 * `split_clients`).
 */
import type { SocketAddress } from '../http1/socket.ts';
import { BLOCK_END, BLOCK_START, Lexer, TEXT_END } from './config/lexer.ts';
import type { HttpLoad } from './http/load.ts';
import { groupOfAddress, type UpstreamGroup } from './upstream/groups.ts';
import { registryOf } from './upstream/registry.ts';
import { parseUpstreamUrl, UrlProblem } from './upstream/url.ts';

export interface Destination {
  /** The name of the block, or the address as `proxy_pass` has it. */
  readonly name: string;
  /** Whether an `upstream` block describes it. */
  readonly isBlock: boolean;
  /** Its servers, without those that are `down`, each once. */
  readonly servers: readonly DestinationServer[];
}

export interface DestinationServer {
  readonly address: SocketAddress;
  /** `unix:PATH` or `HOST:PORT`. */
  readonly name: string;
}

export interface Destinations {
  /** In the order of the file. */
  readonly known: readonly Destination[];
  /** What `proxy_pass` says where only a request tells where it goes. */
  readonly open: readonly string[];
}

/** Texts that a variable may have, by its name without `$`. */
type Constants = ReadonlyMap<string, readonly string[]>;

/** A `proxy_pass` that could mean more addresses than this is left open. */
const MOST_TEXTS = 64;

/** Reads them from a load; `files` are the texts it was made of. */
export function findDestinations(http: HttpLoad, files: ReadonlyMap<string, string>): Destinations {
  const registry = registryOf(http);
  const groups = new Set(registry.groups.filter(({ isNamed }) => isNamed));
  const open: string[] = [];
  const constants = registry.openPasses.length === 0 ? new Map() : constantsOf(files);
  for (const pass of registry.openPasses) {
    const found = textsOf(pass, constants).map((text) => groupAt(http, text));
    for (const group of found) if (group !== undefined) groups.add(group);
    if (found.length === 0 || found.includes(undefined)) open.push(pass);
  }
  // A block that no line names may be what a variable does.
  if (open.length > 0) for (const group of registry.groups) groups.add(group);
  const known = [...groups].map(destinationOf).filter(({ servers }) => servers.length > 0);
  return { known: withoutTwins(known), open };
}

function destinationOf({ name, port, isExplicit, servers }: UpstreamGroup): Destination {
  const found = new Map<string, DestinationServer>();
  for (const { addresses, settings } of servers) {
    if (settings.isDown) continue;
    for (const each of addresses) found.set(each.name, each);
  }
  const list = [...found.values()];
  const shown = isExplicit ? name : port === 0 ? `unix:${name}` : `${name}:${port}`;
  return { name: shown, isBlock: isExplicit, servers: list };
}

/** The same address, named by two lines. */
function withoutTwins(list: readonly Destination[]): Destination[] {
  const seen = new Set<string>();
  return list.filter(({ name, isBlock }) => {
    const key = `${isBlock} ${name}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The group that a value of `proxy_pass` means; `undefined` where it has to be looked up by name. */
function groupAt(http: HttpLoad, text: string): UpstreamGroup | undefined {
  const url = parseUpstreamUrl(text.replace(/^http:\/\//i, ''), 80, true);
  if (url instanceof UrlProblem || url.host.includes(UNKNOWN)) return undefined;
  return registryOf(http).findAt(url) ?? groupOfAddress(url);
}

/** Stands for what only a request tells. */
const UNKNOWN = '\0';
const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/;
/** Variables whose values begin with a slash. */
const IS_PATH = /^(request_uri|uri|document_uri)$/;

/** What a word with variables can be; empty where that is too much to say. */
function textsOf(word: string, constants: Constants): readonly string[] {
  let texts: readonly string[] = [word];
  for (;;) {
    const match = VARIABLE.exec(texts[0] ?? '');
    if (match === null) return texts;
    const name = match[1] ?? match[2] ?? '';
    const values = constants.get(name) ?? [IS_PATH.test(name) ? '/' : UNKNOWN];
    texts = texts.flatMap((text) => values.map((value) => text.replace(match[0], () => value)));
    if (texts.length > MOST_TEXTS) return [];
  }
}

const TABLES = /^(map|geo|split_clients)$/;

/** The values without variables that a file gives to its variables. */
function constantsOf(files: ReadonlyMap<string, string>): Constants {
  const constants = new Map<string, string[]>();
  const add = (variable: string, value: string): void => {
    const name = variable.replace(/^\$/, '');
    const values = constants.get(name);
    if (values === undefined) constants.set(name, [value.replaceAll(VARIABLE_ALL, UNKNOWN)]);
    else values.push(value.replaceAll(VARIABLE_ALL, UNKNOWN));
  };
  for (const [file, text] of files) {
    const lexer = new Lexer(text, file);
    const blocks: (readonly string[])[] = [];
    for (let ending = lexer.next(); ending !== TEXT_END; ending = lexer.next()) {
      const [first, second, third] = lexer.words;
      if (ending === BLOCK_START) blocks.push(lexer.words);
      else if (ending === BLOCK_END) blocks.pop();
      else if (first === 'set' && third !== undefined) add(second ?? '', third);
      else {
        const block = blocks.at(-1) ?? [];
        const isTable = TABLES.test(block[0] ?? '') && second !== undefined && third === undefined;
        if (isTable && first !== 'include') add(block.at(-1) ?? '', second);
      }
    }
  }
  return constants;
}

const VARIABLE_ALL = new RegExp(VARIABLE, 'g');
