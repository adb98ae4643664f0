/** Settings outside of http: how many threads, where the pid goes, who the workers are. */
import { availableParallelism } from 'node:os';
import {
  type Directive,
  type DirectiveRow,
  EVENTS,
  fail,
  failDirective,
  MAIN,
  type Scope,
} from './config/directive.ts';
import { assign, failIfSet, flag, milliseconds, path } from './config/readers.ts';
import { innerScope, resolve } from './config/scope.ts';
import { parseNumber } from './config/units.ts';
import { isGroup, isUser } from './system-accounts.ts';

export interface MainConf {
  readonly worker_processes: number;
  readonly pid: string;
  readonly daemon: boolean;
  /** `undefined`: workers keep the master's user. */
  readonly user: { readonly user: string; readonly group: string } | undefined;
  /** Longest drain of an old generation in milliseconds; `undefined` waits as long as it takes. */
  readonly worker_shutdown_timeout: number | undefined;
  readonly worker_connections: number;
}

const DEFAULTS: MainConf = {
  worker_processes: 1,
  pid: 'nginx.pid',
  daemon: false,
  user: undefined,
  worker_shutdown_timeout: undefined,
  worker_connections: 512,
};

interface Events {
  events: Scope;
}

const directives: readonly DirectiveRow<MainConf & Partial<Events>>[] = [
  { name: 'worker_processes', in: MAIN, args: [1, 1], set: assign(workerProcesses) },
  { name: 'pid', in: MAIN, args: [1, 1], set: assign(path) },
  { name: 'daemon', in: MAIN, args: 'flag', set: assign(flag) },
  { name: 'user', in: MAIN, args: [1, 2], set: setUser },
  { name: 'worker_shutdown_timeout', in: MAIN, args: [1, 1], set: assign(milliseconds) },
  { name: 'events', in: MAIN, args: [0, 0], open: openEvents },
  { name: 'worker_connections', in: EVENTS, args: [1, 1], set: assign(workerConnections) },
];

/** The module of these directives; nginx's core and events modules. */
export const mainModule = { name: 'core' };
export const mainRows = { module: mainModule, rows: directives };

/** The settings as read into the scope of the main level. */
export function mainConf(root: Scope): MainConf {
  const own = root.own<MainConf & Events>(mainModule);
  const conf = resolve<MainConf>(mainModule, own.events ?? root, {
    ...DEFAULTS,
    pid: root.load.prefix + DEFAULTS.pid,
  });
  return conf;
}

/** Whether the file has an `events` block, without which nginx does not start. */
export function hasEvents(root: Scope): boolean {
  return root.own<Events>(mainModule).events !== undefined;
}

function workerProcesses(directive: Directive): number {
  const [word = ''] = directive.args;
  if (word === 'auto') return availableParallelism();
  const count = parseNumber(word);
  if (count === undefined || count === 0) failDirective(directive, 'invalid value');
  return count;
}

/** nginx `ngx_event_connections`. */
function workerConnections(directive: Directive): number {
  const [word = ''] = directive.args;
  return parseNumber(word) ?? fail(directive, `invalid number "${word}"`);
}

function setUser(own: Partial<MainConf>, directive: Directive, scope: Scope): void {
  failIfSet(own, directive);
  if (process.geteuid?.() !== 0) {
    scope.load.warn(
      'the "user" directive makes sense only if the master process runs with super-user privileges, ignored',
      directive,
    );
    return;
  }
  const [user = '', group = user] = directive.args;
  if (!isUser(user)) fail(directive, `getpwnam("${user}") failed`);
  if (!isGroup(group)) fail(directive, `getgrnam("${group}") failed`);
  Object.assign(own, { user: { user, group } });
}

function openEvents(own: Partial<Events>, directive: Directive, scope: Scope): Scope {
  if (own.events !== undefined) fail(directive, `"${directive.name}" directive is duplicate`);
  own.events = innerScope(EVENTS, scope);
  return own.events;
}
