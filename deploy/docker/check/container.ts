/** What the engine and the kernel say of a running container. */
import { docker } from './engine.ts';

/** The part of `docker inspect` that is read here. */
interface Inspection {
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean };
  readonly Mounts: readonly {
    readonly Name?: string;
    readonly Type: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, unknown>>;
    readonly Ports: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>;
  };
}

export async function inspect(id: string): Promise<Inspection> {
  const [found] = JSON.parse(await docker('inspect', id));
  return found;
}

/** The health that the engine's own check has found: `healthy` once the tier has answered it. */
export async function healthOf(id: string): Promise<string> {
  const { State } = await inspect(id);
  return State.Status === 'running' ? (State.Health?.Status ?? 'none') : State.Status;
}

/** Named volumes of a container, each with whether it may write there. */
export async function volumesOf(id: string): Promise<ReadonlyMap<string, boolean>> {
  const { Mounts } = await inspect(id);
  const named = Mounts.filter(({ Type }) => Type === 'volume');
  return new Map(named.map(({ Name = '', RW }) => [Name, RW]));
}

/** Ports of the host that lead to a container. */
export async function publishedPorts(id: string): Promise<readonly string[]> {
  const { NetworkSettings } = await inspect(id);
  const bound = Object.values(NetworkSettings.Ports).flatMap((each) => each ?? []);
  return [...new Set(bound.map(({ HostPort }) => HostPort))];
}

/** What the kernel says of process 1. */
export interface FirstProcess {
  readonly command: string;
  readonly uid: string;
  /** Capabilities it has or may get again, in hexadecimal; 0 is none. */
  readonly capabilities: string;
  readonly mayGainPrivileges: boolean;
}

export async function firstProcess(id: string): Promise<FirstProcess> {
  const status = await docker('exec', id, 'cat', '/proc/1/status');
  const line = (name: string): string =>
    new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? `no ${name}`;
  return {
    command: line('Name'),
    uid: line('Uid'),
    capabilities: line('CapBnd').replace(/^0+(?=0)/, ''),
    mayGainPrivileges: line('NoNewPrivs') !== '1',
  };
}

/** The folders among `paths` in which a process of the container can make a file. */
export async function writable(id: string, paths: readonly string[]): Promise<readonly string[]> {
  const script =
    'for d; do ( : >"$d/probe" ) 2>/dev/null && rm "$d/probe" && echo "$d"; done; true';
  const found = await docker('exec', id, 'sh', '-c', script, 'sh', ...paths);
  return found.split('\n').filter((path) => path !== '');
}

/** Process ids of the workers, as the host counts them: children of the master, which is init's. */
export async function workersOf(id: string): Promise<ReadonlySet<string>> {
  const [, ...rows] = (await docker('top', id, '-eo', 'pid,ppid')).split('\n');
  const pairs = rows.map((row) => row.trim().split(/\s+/));
  const childrenOf = (parents: readonly string[]): string[] =>
    pairs.filter(([, ppid = '']) => parents.includes(ppid)).map(([pid = '']) => pid);
  const first = await docker('inspect', '--format', '{{.State.Pid}}', id);
  return new Set(childrenOf(childrenOf([first])));
}
