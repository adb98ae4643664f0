/** Lines of several programs on one terminal: each with the name of its tier, coloured where that is seen. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Who speaks: `proxy`, `tandem` for this command itself, or a pool. */
type Speaker = string;

const COLOURS: Readonly<Record<string, number>> = { proxy: 36, tandem: 32 };
const POOL_COLOUR = 35;
const RED = 31;
const YELLOW = 33;
/** Lines that speak of trouble: nginx's and Gunicorn's levels. */
const TROUBLE = /\[(emerg|alert|crit|error|ERROR|CRITICAL)\]/;
const WARNING = /\[(warn|WARNING)\]/;

export class LineWriter {
  /** Nobody reads any more: the terminal was closed, or the program behind the pipe has ended. */
  onGone: () => void = () => {};
  private readonly out: Writable;
  private readonly isColoured: boolean;
  /** Of the longest name. */
  private width = 6;

  constructor(out: Writable & { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env) {
    this.out = out;
    this.isColoured = wantsColours(out.isTTY === true, env);
    out.on('error', () => this.onGone());
  }

  /** Makes room for a name before its first line. */
  expect(speaker: Speaker): void {
    this.width = Math.max(this.width, speaker.length);
  }

  /** Shows every line of a stream as it comes, and tells `hear` of it. */
  follow(speaker: Speaker, stream: Readable, hear: (line: string) => void): void {
    createInterface({ input: stream }).on('line', (text) => {
      this.line(speaker, text);
      hear(text);
    });
  }

  line(speaker: Speaker, text: string): void {
    this.write(speaker, text, TROUBLE.test(text) ? RED : WARNING.test(text) ? YELLOW : 0);
  }

  /** A line of this command's own. */
  say(text: string): void {
    this.write('tandem', text, 0);
  }

  /** What a person should look at; it works all the same. */
  warn(text: string): void {
    this.write('tandem', text, YELLOW);
  }

  /** What a person has to mend. */
  complain(text: string): void {
    this.write('tandem', text, RED);
  }

  private write(speaker: Speaker, text: string, colour: number): void {
    const name = speaker.padEnd(this.width);
    if (!this.isColoured) {
      this.out.write(`${name} | ${text}\n`);
      return;
    }
    const shown = colour === 0 ? text : `\x1b[${colour}m${text}\x1b[0m`;
    this.out.write(`\x1b[${COLOURS[speaker] ?? POOL_COLOUR}m${name} |\x1b[0m ${shown}\n`);
  }
}

/** https://no-color.org: NO_COLOR, where not empty, wins. FORCE_COLOR asks for colours, 0 for none. */
function wantsColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced === undefined || forced === '') return isTerminal;
  return forced !== '0' && forced !== 'false';
}
