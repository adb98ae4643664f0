/** What a tier said last of what is wrong, to say it once more where a person looks: at the end. */

/** Lines that speak of trouble: nginx's and Gunicorn's levels, and what a command line complains of. */
const TROUBLE = /\[(emerg|alert|crit|ERROR|CRITICAL)\]|: error: /;
/** A line of a log, and no part of the message above it. */
const LOG_LINE = /^(\[?\d{4}[-/]\d\d[-/]\d\d |nginx: )/;
/** Gunicorn's heading of what an application threw. */
const HEADING = /\] Exception in worker process/;
/** Frames of a stack after the first, which says where. */
const FRAME = /^\s+at /;
const MOST_LINES = 8;
/** What was said longer ago is not why the tier ended. */
const RECENT_MS = 10_000;

export class LastWords {
  #lines: string[] = [];
  #isOpen = false;
  #heardAt = 0;

  /** Hears every line of the tier. */
  hear(line: string): void {
    if (TROUBLE.test(line)) {
      // nginx says that it gives up after it said what is wrong.
      if (/still could not bind\(\)$/.test(line)) return;
      this.#lines = HEADING.test(line) ? [] : [line];
      this.#isOpen = true;
      this.#heardAt = performance.now();
    } else if (LOG_LINE.test(line)) {
      this.#isOpen = false;
    } else if (this.#isOpen && this.#lines.length < MOST_LINES) {
      const isRepeated = FRAME.test(line) && FRAME.test(this.#lines.at(-1) ?? '');
      if (!isRepeated && line.trim() !== '') this.#lines.push(line);
    }
  }

  /** The message without time and process; empty where nothing was wrong of late. */
  get lines(): readonly string[] {
    if (performance.now() - this.#heardAt > RECENT_MS) return [];
    return this.#lines.map((line) =>
      line.replace(/^.*?\[(emerg|alert|crit|ERROR|CRITICAL)\] (\d+#\d+: )?/, ''),
    );
  }
}
