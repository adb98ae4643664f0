/** Lines of several programs on one terminal: each with the name of its tier, coloured where that is seen. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Who speaks: a tier, or this command itself. */
type Speaker = 'proxy' | 'app' | 'tandem';

const COLOURS: Readonly<Record<Speaker, number>> = { proxy: 36, app: 35, tandem: 32 };
/** Lines that speak of trouble: nginx's and Gunicorn's levels. */
const TROUBLE = /\[(emerg|alert|crit|error|ERROR|CRITICAL)\]/;
const WARNING = /\[(warn|WARNING)\]/;
const WIDTH = 6;

export class LineWriter {
  private readonly out: Writable;
  private readonly isColoured: boolean;

  constructor(out: Writable & { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env) {
    this.out = out;
    // https://no-color.org: NO_COLOR, where not empty, wins over the terminal; FORCE_COLOR asks for it.
    this.isColoured = !env['NO_COLOR'] && (out.isTTY === true || !!env['FORCE_COLOR']);
  }

  /** Shows every line of a stream as it comes. */
  follow(speaker: Speaker, stream: Readable): void {
    createInterface({ input: stream }).on('line', (text) => this.line(speaker, text));
  }

  line(speaker: Speaker, text: string): void {
    const name = speaker.padEnd(WIDTH);
    if (!this.isColoured) {
      this.out.write(`${name} | ${text}\n`);
      return;
    }
    const tone = TROUBLE.test(text) ? '\x1b[31m' : WARNING.test(text) ? '\x1b[33m' : '';
    const end = tone === '' ? '' : '\x1b[0m';
    this.out.write(`\x1b[${COLOURS[speaker]}m${name} |\x1b[0m ${tone}${text}${end}\n`);
  }

  /** A line of this command's own. */
  say(text: string): void {
    this.line('tandem', text);
  }
}
