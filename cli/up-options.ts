/** The options of `tandem up`. */
import type { AppOption } from './pool-plan.ts';

export interface UpOptions {
  readonly showHelp: boolean;
  /** Configuration of the proxy, relative to the working directory. */
  readonly file: string;
  /** One for each pool; never empty. */
  readonly apps: readonly AppOption[];
  /** Further words for tandem-appserver, after `--`. */
  readonly poolWords: readonly string[];
}

export const UP_USAGE = `Usage: tandem up [-c FILE] [--app [UPSTREAM=]MODULE:EXPORT]... [-- OPTIONS OF tandem-appserver]

Starts both tiers in this folder: tandem-proxy with FILE, and tandem-appserver with the application. The
application server listens where an upstream in FILE points.

  -c FILE               the proxy's configuration file (default: nginx.conf)
  --app MODULE:EXPORT   the application (default: wsgi_app in appserver.config.ts)
  --app api=MODULE:EXPORT
                        the application behind upstream "api"; repeat it for more upstreams
  -- OPTIONS            options for tandem-appserver, as in: tandem up -- --workers 4
`;

/** Reads the words; a string is a complaint about them. */
export function readUpOptions(words: readonly string[]): UpOptions | string {
  let showHelp = false;
  let file = 'nginx.conf';
  const apps: AppOption[] = [];
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') break;
    if (word === '-h' || word === '--help') {
      showHelp = true;
      continue;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals === -1 ? word : word.slice(0, equals);
    if (!word.startsWith('-')) {
      return `unexpected argument "${word}": to name the application, use --app ${word}`;
    }
    if (name !== '-c' && name !== '--app') {
      return `unknown option "${word}": options of the pool go after --, as in tandem up -- --workers 4`;
    }
    const value = equals === -1 ? words[++i] : word.slice(equals + 1);
    if (value === undefined || value === '') return `option "${name}" requires a value`;
    if (name === '-c') file = value;
    else apps.push(readApp(value));
  }
  if (apps.filter(({ upstream }) => upstream === undefined).length > 1) {
    return 'several applications: say which upstream each is for, --app UPSTREAM=MODULE:EXPORT';
  }
  if (apps.length === 0) apps.push({ upstream: undefined, app: undefined });
  return { showHelp, file, apps, poolWords: words.slice(i + 1) };
}

function readApp(value: string): AppOption {
  const equals = value.indexOf('=');
  if (equals === -1) return { upstream: undefined, app: value };
  return { upstream: value.slice(0, equals), app: value.slice(equals + 1) };
}
