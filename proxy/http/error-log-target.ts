/** Reads `error_log FILE [LEVEL]`: nginx's ngx_log_set_log and ngx_log_set_levels. */
import { type Directive, fail, type Scope } from '../config/directive.ts';
import { inPrefix } from '../config/paths.ts';
import { DEBUG, ERROR, type ErrorLogTarget, LEVELS } from '../log/error-log.ts';

/** Levels of single parts of nginx; here they are all `debug`. */
const DEBUG_WORDS = ['core', 'alloc', 'mutex', 'event', 'http', 'mail', 'stream'].map(
  (part) => `debug_${part}`,
);

/** Where lines go and which. Throws ConfigError; `syslog:` and `memory:` are not supported. */
export function errorLogTarget(directive: Directive, scope: Scope): ErrorLogTarget {
  const [file = '', ...words] = directive.args;
  if (file.startsWith('syslog:') || file.startsWith('memory:')) {
    fail(directive, `"error_log" to "${file}" is not supported by Tandem yet`);
  }
  const level = words.length === 0 ? ERROR : readLevels(words, directive);
  return { path: file === 'stderr' ? file : inPrefix(scope.load, file), level };
}

function readLevels(words: readonly string[], directive: Directive): number {
  let level = 0;
  let hasPart = false;
  for (const word of words) {
    const found = LEVELS.indexOf(word as (typeof LEVELS)[number]);
    if (found > 0) {
      if (level !== 0 || hasPart) fail(directive, `duplicate log level "${word}"`);
      level = found;
    } else if (DEBUG_WORDS.includes(word) && level === 0) hasPart = true;
    else fail(directive, `invalid log level "${word}"`);
  }
  return hasPart ? DEBUG : level;
}
