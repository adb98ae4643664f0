/** Starts Tandem's proxy for a test, and asks it what it thinks of a configuration. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  completeConfiguration,
  type Front,
  type FrontKind,
  type FrontOptions,
  makeFolder,
  startFront,
} from './front.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'tandem-proxy.js');
const NODE_FLAGS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning'];

/** Our front. */
export const TANDEM: FrontKind = {
  name: 'tandem',
  mainLines: [],
  httpLines: [],
  command: (folder, file) => ({
    file: process.execPath,
    args: [...NODE_FLAGS, LAUNCHER, '-p', folder, '-c', file],
  }),
};

/**
 * Starts the proxy on the inside of an http block; ports as in front.ts. Resolves when it accepts,
 * rejects with what it wrote where it does not start.
 */
export function startProxy(http: string, options?: FrontOptions): Promise<Front> {
  return startFront(TANDEM, http, options);
}

/** What `-t` says of a configuration. */
export interface Judgement {
  readonly code: number | null;
  /** Lines of stderr with the folder taken out: `[emerg] ... in nginx.conf:9`. */
  readonly lines: readonly string[];
}

/**
 * Runs `-t` on the inside of an http block. Lines of the result are numbered as `judge` gives them:
 * the first line of `http` is line 1.
 */
export function judge(
  http: string,
  kind: FrontKind = TANDEM,
  options: FrontOptions = {},
): Judgement {
  const folder = makeFolder(options.files);
  try {
    const text = completeConfiguration(kind, `#HTTP\n${http}`, options.main);
    const before = text.slice(0, text.indexOf('#HTTP')).split('\n').length;
    const path = join(folder, 'nginx.conf');
    writeFileSync(path, text, 'latin1');
    const { file, args } = kind.command(folder, path);
    const { status, stderr } = spawnSync(file, [...args, '-t'], {
      cwd: folder,
      encoding: 'latin1',
      timeout: 20_000,
    });
    const lines = stderr
      .replaceAll(`${folder}/`, '')
      .replaceAll(/nginx\.conf:(\d+)/g, (_, line) => `nginx.conf:${Number(line) - before}`)
      .split('\n')
      .slice(0, -1);
    return { code: status, lines };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
