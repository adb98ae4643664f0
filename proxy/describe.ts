/**
 * What others need to know of a configuration before the proxy runs it: where it listens, whom it asks.
 * All texts are strings of Node, as people read them.
 */
import { resolve } from 'node:path';
import { toNodeString } from './config/paths.ts';
import { surveyText } from './config/survey.ts';
import { type Cycle, type CycleSource, loadCycle, surveyCycle } from './cycle.ts';
import { type Destination, type Destinations, findDestinations } from './destinations.ts';
import type { ListenAddress } from './http/listen.ts';
import type { HttpLoad } from './http/load.ts';
import { messageOf } from './main.ts';
import { registryOf } from './upstream/registry.ts';

export type { Destination, DestinationServer, Destinations } from './destinations.ts';

/** Where the proxy listens, in the order of the file. */
export interface DescribedListen {
  /** To connect to: a path, or this machine where the socket listens on all its addresses. */
  readonly at: { readonly path: string } | { readonly host: string; readonly port: number };
  /** As nginx prints it: `0.0.0.0:80`, `[::]:80`, `unix:/path`. */
  readonly text: string;
  readonly isWildcard: boolean;
}

export interface Description {
  readonly pid: string;
  readonly listens: readonly DescribedListen[];
  readonly destinations: Destinations;
  /** Groups of servers to which idle connections are kept. */
  readonly keptUpstreams: readonly KeptUpstream[];
}

/** A group of servers to which idle connections are kept. */
export interface KeptUpstream {
  readonly name: string;
  /** `unix:PATH` or `HOST:PORT`. */
  readonly servers: readonly string[];
  /** `keepalive_timeout` of the group, milliseconds. */
  readonly timeoutMs: number;
}

/** Why a file cannot be run. */
export interface Refusal {
  /** nginx's message. */
  readonly error: string;
  /** What else Tandem does not support, as `-t` prints it. */
  readonly further: readonly string[];
}

/** Reads the file in a folder. */
export function describeConfiguration(folder: string, file: string): Description | Refusal {
  const source: CycleSource = {
    prefix: folder.endsWith('/') ? folder : `${folder}/`,
    file: resolve(folder, file),
    directives: '',
    errorLog: undefined,
  };
  let cycle: Cycle;
  try {
    cycle = loadCycle(source);
  } catch (error) {
    const text = messageOf(error);
    const further = surveyText(surveyCycle(source), text, false);
    return { error: toNodeString(text), further: toNodeString(further).split('\n').slice(0, -1) };
  }
  const listens = (cycle.http?.addresses ?? []).map(({ listen }) => listen);
  return {
    pid: toNodeString(cycle.main.pid),
    listens: listens.map(describeListen),
    destinations:
      cycle.http === undefined
        ? { known: [], open: [] }
        : describeDestinations(findDestinations(cycle.http.load, cycle.root.load.files)),
    keptUpstreams: cycle.http === undefined ? [] : keptUpstreams(cycle.http.load),
  };
}

function describeDestinations({ known, open }: Destinations): Destinations {
  return { known: known.map(describeDestination), open: open.map(toNodeString) };
}

function describeDestination({ name, isBlock, servers }: Destination): Destination {
  const shown = servers.map((each) => ({ ...each, name: toNodeString(each.name) }));
  return { name: toNodeString(name), isBlock, servers: shown };
}

function describeListen({ host, port, path, text }: ListenAddress): DescribedListen {
  if (path !== '') {
    return { at: { path: toNodeString(path) }, text: toNodeString(text), isWildcard: false };
  }
  const isWildcard = host === '0.0.0.0' || host === '::';
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return { at: { host: reachable, port }, text, isWildcard };
}

function keptUpstreams(http: HttpLoad): KeptUpstream[] {
  return [...registryOf(http).groups]
    .filter(({ keepalive }) => keepalive.connections > 0)
    .map(({ name, servers, keepalive }) => ({
      name: toNodeString(name),
      servers: servers.flatMap(({ addresses }) => addresses.map((each) => toNodeString(each.name))),
      timeoutMs: keepalive.timeoutMs,
    }));
}
