/** What can be wrong with a pattern. */

/** What is wrong with a pattern, and where. */
export class PatternError extends Error {
  readonly code = 'ERR_PATTERN';
  /** Offset in the pattern; its length where the end is missing something. */
  readonly offset: number;
  /** Whether PCRE takes the pattern and only we do not. */
  readonly isOurs: boolean;

  constructor(text: string, offset: number, isOurs = false) {
    super(text);
    this.name = 'PatternError';
    this.offset = offset;
    this.isOurs = isOurs;
  }
}

/** Throws PCRE2's words for what is no pattern; `offset` is where PCRE2 says it stopped. */
export function failPattern(text: string, offset: number): never {
  throw new PatternError(text, offset);
}

/** Throws for a construct of PCRE that JavaScript cannot run. */
export function refuseConstruct(construct: string, offset: number): never {
  throw new PatternError(`"${construct}" is not supported by Tandem`, offset, true);
}
