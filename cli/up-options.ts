/** The options of `tandem up`. */

export interface UpOptions {
  readonly showHelp: boolean;
  /** Configuration of the proxy, relative to the working directory. */
  readonly file: string;
  /** `module:export` for the pool; `undefined` leaves it to appserver.config.ts. */
  readonly app: string | undefined;
  /** Further words for tandem-appserver, after `--`. */
  readonly poolWords: readonly string[];
}

export const UP_USAGE = `Usage: tandem up [-c FILE] [--app MODULE:EXPORT] [-- OPTIONS OF tandem-appserver]

Starts both tiers in this folder: tandem-proxy on FILE, tandem-appserver on the application.

  -c FILE               configuration of the proxy (default: nginx.conf)
  --app MODULE:EXPORT   the application (default: wsgi_app of appserver.config.ts)
  -- ...                what follows goes to tandem-appserver: tandem up -- --workers 4
`;

/** Reads the words; a string is a complaint about them. */
export function readUpOptions(words: readonly string[]): UpOptions | string {
  let showHelp = false;
  let file = 'nginx.conf';
  let app: string | undefined;
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') break;
    if (word === '-h' || word === '--help') {
      showHelp = true;
      continue;
    }
    const [name, glued] = word.split('=', 2);
    if (name !== '-c' && name !== '--app') return `unknown option "${word}"`;
    const value = glued ?? words[++i];
    if (value === undefined) return `option "${name}" requires a value`;
    if (name === '-c') file = value;
    else app = value;
  }
  return { showHelp, file, app, poolWords: words.slice(i + 1) };
}
