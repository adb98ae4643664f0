/** Ways to test a configuration file: our reader with given rows, and a program's `-t`. */

import { spawnSync } from 'node:child_process';
import { ConfigError, type ModuleRows } from '../../proxy/config/directive.ts';
import { toByteString } from '../../proxy/config/paths.ts';
import { makeReader } from '../../proxy/config/read.ts';
import { makeLoad, rootScope } from '../../proxy/config/scope.ts';
import { PATIENCE_MS } from '../harness/until.ts';
import type { TestFile } from './cases.ts';

/** Tests with our reader and these rows, in this process. */
export function testWithRows(modules: readonly ModuleRows[]): TestFile {
  const reader = makeReader(modules);
  return (folder, commandLine) => {
    const messages: string[] = [];
    const prefix = toByteString(folder);
    const root = rootScope(
      makeLoad({
        prefix,
        confPrefix: prefix,
        onWarning: (message) => messages.push(`[warn] ${message}`),
      }),
    );
    try {
      if (commandLine !== undefined) reader.readCommandLine(commandLine, root);
      reader.readFile(`${prefix}nginx.conf`, root);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      messages.push(`[${error.level}] ${error.message}`);
    }
    return messages;
  };
}

/** Tests with the `-t` of nginx, or of a program with nginx's command line. */
export function testWithProgram(command: string, args: readonly string[] = []): TestFile {
  return (folder, commandLine) => {
    const given = commandLine === undefined ? [] : ['-g', commandLine];
    const run = spawnSync(
      command,
      [...args, '-t', '-p', folder, '-c', 'nginx.conf', '-e', 'stderr', ...given],
      { encoding: 'latin1', timeout: PATIENCE_MS },
    );
    if (run.error !== undefined) throw run.error;
    return messagesOf(run.stderr);
  };
}

/**
 * Messages of the language alone: what follows "syntax is ok" is about sockets and files, and
 * messages before the log is open have another form than those after.
 */
function messagesOf(output: string): string[] {
  const messages: string[] = [];
  for (const line of output.split('\n')) {
    if (line.includes('syntax is ok')) break;
    const [, level, text] =
      /^(?:nginx: |[\d/]+ [\d:]+ )\[(\w+)\] (?:\d+#\d+: )?(.*)$/.exec(line) ?? [];
    if (level !== undefined) messages.push(`[${level}] ${text}`);
  }
  return messages;
}
