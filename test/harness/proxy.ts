/** Starts Tandem's proxy for a test, and asks it what it thinks of a configuration. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../proxy/config/directive.ts';
import { loadCycle } from '../../proxy/cycle.ts';
import {
  completeConfiguration,
  type Front,
  type FrontKind,
  type FrontOptions,
  makeFolder,
  startFront,
} from './front.ts';
import { PATIENCE_MS } from './until.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'tandem-proxy.js');

/** Our front. */
export const TANDEM: FrontKind = {
  name: 'tandem',
  mainLines: [],
  httpLines: [],
  command: (folder, file) => ({
    file: process.execPath,
    args: [LAUNCHER, '-p', folder, '-c', file],
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
 * Runs `-t` on the inside of an http block. Lines are numbered from it: its first is `nginx.conf:1`.
 */
export function judge(
  http: string,
  kind: FrontKind = TANDEM,
  options: FrontOptions = {},
): Judgement {
  return withFile(http, kind, options, (folder, path) => {
    const { file, args } = kind.command(folder, path);
    const { status, stderr } = spawnSync(file, [...args, '-t'], {
      cwd: folder,
      encoding: 'latin1',
      timeout: PATIENCE_MS,
    });
    return { code: status, lines: stderr.split('\n').slice(0, -1) };
  });
}

/**
 * What our `-t` would say, without a process of its own: fast enough for many small files. Log files
 * are not opened.
 */
export function judgeHere(http: string, options: FrontOptions = {}): Judgement {
  return withFile(http, TANDEM, options, (folder, file) => {
    const source = { prefix: `${folder}/`, file, directives: '', errorLog: undefined };
    const said: string[] = [];
    try {
      loadCycle(source, (text) => said.push(`nginx: [warn] ${text}`));
      const last = `nginx: configuration file ${file} test is successful`;
      return {
        code: 0,
        lines: [...said, `nginx: the configuration file ${file} syntax is ok`, last],
      };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const last = `nginx: configuration file ${file} test failed`;
      return { code: 1, lines: [...said, `nginx: [emerg] ${error.message}`, last] };
    }
  });
}

/** Writes the file, lets it be judged, and makes places in the lines relative to `http`. */
function withFile(
  http: string,
  kind: FrontKind,
  options: FrontOptions,
  run: (folder: string, path: string) => Judgement,
): Judgement {
  const folder = makeFolder(options.files);
  try {
    const text = completeConfiguration(kind, `#HTTP\n${http}`, options.main);
    const before = text.slice(0, text.indexOf('#HTTP')).split('\n').length;
    const path = join(folder, 'nginx.conf');
    writeFileSync(path, text, 'latin1');
    const { code, lines } = run(folder, path);
    return { code, lines: lines.map((line) => relative(line, folder, before)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function relative(line: string, folder: string, before: number): string {
  return line
    .replaceAll(`${folder}/`, '')
    .replaceAll(/nginx\.conf:(\d+)/g, (_, number) => `nginx.conf:${Number(number) - before}`);
}
