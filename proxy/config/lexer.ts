/**
 * Cuts configuration text into directives: words up to `;`, `{` or `}`. Follows nginx's
 * ngx_conf_read_token byte by byte, its oddities included, because files lean on them.
 *
 * Text is latin1: one character is one byte, so that lengths and messages are nginx's and a value
 * in UTF-8 reaches the wire unchanged.
 */

import { ConfigError } from './directive.ts';

/** The words are a directive ended by `;`. */
export const SIMPLE = 0;
/** The words are a directive ended by `{`. */
export const BLOCK_START = 1;
/** `}`; there are no words. */
export const BLOCK_END = 2;
/** The text is finished; there are no words. */
export const TEXT_END = 3;

export type Ending = typeof SIMPLE | typeof BLOCK_START | typeof BLOCK_END | typeof TEXT_END;

/** Longest word in bytes, from its first one to the one after it (nginx NGX_CONF_BUFFER). */
const WORD_LIMIT_BYTES = 4096;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const SHARP = 35;
const DOLLAR = 36;
const SINGLE_QUOTE = 39;
const CLOSE_PAREN = 41;
const SEMICOLON = 59;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Name under which text given with `-g` is reported; it has no lines. */
export const COMMAND_LINE = 'command line';

/** Reads one file, or the text of `-g`, from its first byte to its last. */
export class Lexer {
  readonly file: string;
  /** Line of the last byte read, from 1; always 0 in the command line, which has no lines. */
  line: number;
  /** Words of the directive that `next` just read; a new list each time. */
  words: string[] = [];
  readonly #text: string;
  readonly #lineStep: 0 | 1;
  #at = 0;

  /** `file` is the name used in messages; COMMAND_LINE stands for the text of `-g`. */
  constructor(text: string, file: string) {
    this.file = file;
    this.#text = text;
    this.#lineStep = file === COMMAND_LINE ? 0 : 1;
    this.line = this.#lineStep;
  }

  /**
   * Reads up to the end of the next directive, block or text, and says which it was.
   * Throws ConfigError with nginx's words where the text breaks the grammar.
   * One loop, as in nginx: every branch looks at one byte and one of five states.
   */
  next(): Ending {
    const text = this.#text;
    this.words = [];
    let start = this.#at;
    let startLine = this.line;
    let isBetweenWords = true;
    let isComment = false;
    let isEscaped = false;
    let isAfterQuote = false;
    let isAfterDollar = false;
    let quote = 0;

    for (;;) {
      if (this.#at >= text.length) {
        if (this.words.length > 0 || !isBetweenWords) this.#failAtEnd();
        return TEXT_END;
      }
      if (this.#at - start === WORD_LIMIT_BYTES && this.#lineStep === 1) {
        this.#failTooLong(start, startLine, quote);
      }
      const byte = text.charCodeAt(this.#at++);
      if (byte === LF) {
        this.line += this.#lineStep;
        isComment = false;
      }
      if (isComment) continue;
      if (isEscaped) {
        isEscaped = false;
        continue;
      }

      if (isAfterQuote) {
        if (isBlank(byte)) {
          isBetweenWords = true;
          isAfterQuote = false;
          continue;
        }
        if (byte === SEMICOLON) return SIMPLE;
        if (byte === OPEN_BRACE) return BLOCK_START;
        // nginx: a parenthesis may touch a quoted word, for `if ("$a" = "b")`.
        if (byte !== CLOSE_PAREN) this.#failUnexpected(byte);
        isBetweenWords = true;
        isAfterQuote = false;
      }

      if (isBetweenWords) {
        start = this.#at - 1;
        startLine = this.line;
        if (isBlank(byte)) continue;
        switch (byte) {
          case SEMICOLON:
          case OPEN_BRACE:
            if (this.words.length === 0) this.#failUnexpected(byte);
            return byte === OPEN_BRACE ? BLOCK_START : SIMPLE;
          case CLOSE_BRACE:
            if (this.words.length > 0) this.#failUnexpected(byte);
            return BLOCK_END;
          case SHARP:
            isComment = true;
            continue;
          case BACKSLASH:
            isEscaped = true;
            break;
          case DOUBLE_QUOTE:
          case SINGLE_QUOTE:
            start++;
            quote = byte;
            break;
          case DOLLAR:
            isAfterDollar = true;
        }
        isBetweenWords = false;
        continue;
      }

      // nginx: the brace of `${name}` opens no block.
      if (byte === OPEN_BRACE && isAfterDollar) continue;
      isAfterDollar = byte === DOLLAR;
      if (byte === BACKSLASH) {
        isEscaped = true;
      } else if (quote !== 0) {
        if (byte !== quote) continue;
        quote = 0;
        isAfterQuote = true;
        this.words.push(resolveEscapes(text.slice(start, this.#at - 1)));
      } else if (isBlank(byte) || byte === SEMICOLON || byte === OPEN_BRACE) {
        isBetweenWords = true;
        this.words.push(resolveEscapes(text.slice(start, this.#at - 1)));
        if (byte === SEMICOLON) return SIMPLE;
        if (byte === OPEN_BRACE) return BLOCK_START;
      }
    }
  }

  #failUnexpected(byte: number): never {
    throw new ConfigError(`unexpected "${String.fromCharCode(byte)}"`, this);
  }

  #failAtEnd(): never {
    throw new ConfigError(
      this.#lineStep === 0
        ? 'unexpected end of parameter, expecting ";"'
        : 'unexpected end of file, expecting ";" or "}"',
      this,
    );
  }

  #failTooLong(start: number, startLine: number, quote: number): never {
    throw new ConfigError(
      quote === 0
        ? `too long parameter "${this.#text.slice(start, start + 10)}..." started`
        : `too long parameter, probably missing terminating "${String.fromCharCode(quote)}" character`,
      { file: this.file, line: startLine },
    );
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR || byte === LF;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  t: '\t',
  r: '\r',
  n: '\n',
};

/** Resolves escapes; a backslash before any other character stays (`\.` in a regex, `\d`). */
function resolveEscapes(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\(["'\\trn])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
