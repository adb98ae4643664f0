/** Gunicorn's section "Logging". */
import { checkRequiredString, checkString, checkWord } from './checks.ts';
import { setting } from './setting.ts';

/** Levels, most severe first. */
export const LOG_LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const;

export const logging = [
  setting({
    name: 'accesslog',
    section: 'Logging',
    cli: ['--access-logfile'],
    meta: 'FILE',
    default: null as string | null,
    check: checkString,
    doc: `The Access log file to write to.

\`-\` means standard output. Without this setting there is no access log.`,
  }),
  setting({
    name: 'access_log_format',
    section: 'Logging',
    cli: ['--access-logformat'],
    meta: 'STRING',
    default: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
    check: checkRequiredString,
    doc: `The access log format.

| atom | meaning |
|---|---|
| \`h\` | client address, as forwarded by a trusted front |
| \`l\` | \`-\` |
| \`u\` | user name of Basic authentication |
| \`t\` | date of the request's end, \`[23/Nov/2026:12:00:00 +0000]\` |
| \`r\` | request line |
| \`s\` | status |
| \`m\`, \`U\`, \`q\`, \`H\` | method, decoded path, query, protocol |
| \`b\`, \`B\` | bytes of content sent |
| \`f\`, \`a\` | Referer, User-Agent |
| \`T\`, \`M\`, \`D\`, \`L\` | time taken: whole seconds, milliseconds, microseconds, seconds with six decimals |
| \`p\` | process id, \`<4711>\` |
| \`{name}i\`, \`{name}o\` | a request field, a response field |
| \`{name}e\` | a CGI variable, such as \`{REQUEST_METHOD}e\` |

A missing value is printed as \`-\`. Quotes, backslashes and control characters in values are escaped as in
JSON strings, so a format that is a JSON object produces valid JSON whatever a client sends.`,
  }),
  setting({
    name: 'errorlog',
    section: 'Logging',
    cli: ['--error-logfile', '--log-file'],
    meta: 'FILE',
    default: '-',
    check: checkRequiredString,
    doc: `The Error log file to write to.

\`-\` means standard error.`,
  }),
  setting({
    name: 'loglevel',
    section: 'Logging',
    cli: ['--log-level'],
    meta: 'LEVEL',
    default: 'info',
    check: checkWord('loglevel', LOG_LEVELS),
    doc: `The granularity of Error log outputs.

One of \`debug\`, \`info\`, \`warning\`, \`error\`, \`critical\`.`,
  }),
] as const;
