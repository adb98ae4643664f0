/** nginx's command line: the same options, read the same way (`ngx_get_options`). */

/** The words nginx takes for `-s`, and the signal each becomes. */
export const SIGNAL_WORDS: Readonly<Record<string, NodeJS.Signals>> = {
  stop: 'SIGTERM',
  quit: 'SIGQUIT',
  reopen: 'SIGUSR1',
  reload: 'SIGHUP',
};

export interface CommandLine {
  showHelp: boolean;
  showVersion: boolean;
  /** `-V`: the version and what it was built with. */
  showConfigure: boolean;
  /** `-t`; `-T` also sets `dumps`. */
  tests: boolean;
  dumps: boolean;
  /** `-q`: nothing but errors while testing. */
  isQuiet: boolean;
  /** A word of SIGNAL_WORDS, or ''. */
  signal: string;
  prefix: string | undefined;
  errorLog: string | undefined;
  file: string | undefined;
  directives: string;
}

/** Options that take a value, which may be glued on or follow as the next word. */
const VALUE_MISSING: Readonly<Record<string, string>> = {
  p: 'option "-p" requires directory name',
  e: 'option "-e" requires file name',
  c: 'option "-c" requires file name',
  g: 'option "-g" requires parameter',
  s: 'option "-s" requires parameter',
};

/** Reads the words after the program's name; a string is nginx's complaint about them. */
export function readCommandLine(words: readonly string[]): CommandLine | string {
  const line: CommandLine = {
    showHelp: false,
    showVersion: false,
    showConfigure: false,
    tests: false,
    dumps: false,
    isQuiet: false,
    signal: '',
    prefix: undefined,
    errorLog: undefined,
    file: undefined,
    directives: '',
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-')) return `invalid option: "${word}"`;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (VALUE_MISSING[letter] === undefined) {
        if (!setFlag(line, letter)) return `invalid option: "${letter}"`;
        continue;
      }
      const glued = word.slice(at + 1);
      const value = glued !== '' ? glued : words[++i];
      if (value === undefined || value === '') return VALUE_MISSING[letter]!;
      const complaint = setValue(line, letter, value);
      if (complaint !== undefined) return complaint;
      break;
    }
  }
  return line;
}

function setFlag(line: CommandLine, letter: string): boolean {
  switch (letter) {
    case '?':
    case 'h':
      line.showVersion = true;
      line.showHelp = true;
      return true;
    case 'v':
      line.showVersion = true;
      return true;
    case 'V':
      line.showVersion = true;
      line.showConfigure = true;
      return true;
    case 't':
      line.tests = true;
      return true;
    case 'T':
      line.tests = true;
      line.dumps = true;
      return true;
    case 'q':
      line.isQuiet = true;
      return true;
    default:
      return false;
  }
}

function setValue(line: CommandLine, letter: string, value: string): string | undefined {
  if (letter === 'p') line.prefix = value;
  else if (letter === 'e') line.errorLog = value;
  else if (letter === 'c') line.file = value;
  else if (letter === 'g') line.directives = value;
  else {
    if (SIGNAL_WORDS[value] === undefined) return `invalid option: "-s ${value}"`;
    line.signal = value;
  }
  return undefined;
}

/** What `-h` prints after the version. */
export const USAGE = `Usage: tandem-proxy [-?hvVtTq] [-s signal] [-p prefix]
                    [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: the working directory)
  -e filename   : set error log file (default: stderr)
  -c filename   : set configuration file (default: nginx.conf)
  -g directives : set global directives out of configuration file

`;
