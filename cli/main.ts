/** The `tandem` command: everything that is about both tiers at once. */
import { up } from './up.ts';
import { readUpOptions, UP_USAGE } from './up-options.ts';
import { readVersion } from './version.ts';

const USAGE = `Usage: tandem COMMAND [OPTIONS]

Commands:
  up      start the proxy and the pool with ./nginx.conf; Ctrl-C stops both
  version show the versions of Tandem and Node.js
  help    show this text; "tandem up --help" lists the options of a command

To run one tier: tandem-proxy (nginx's command line), tandem-appserver (Gunicorn's).
`;

/** Runs with the words after the program's name; resolves with the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  switch (command) {
    case 'up':
      return runUp(rest);
    case 'version':
    case '-v':
    case '-V':
    case '--version':
      process.stdout.write(`tandem ${readVersion()} (Node.js ${process.versions.node})\n`);
      return 0;
    case undefined:
    case 'help':
    case '-h':
    case '--help':
      process.stdout.write(USAGE);
      return 0;
    default:
      process.stderr.write(`tandem: unknown command "${command}"\n\n${USAGE}`);
      return 2;
  }
}

async function runUp(words: readonly string[]): Promise<number> {
  const options = readUpOptions(words);
  if (typeof options === 'string') {
    process.stderr.write(`tandem up: ${options}\n\n${UP_USAGE}`);
    return 2;
  }
  if (options.showHelp) {
    process.stdout.write(UP_USAGE);
    return 0;
  }
  return up(options);
}
