/** What a tier said last of what is wrong, to say it once more where a person looks: at the end. */

/** Lines of a log that speak of trouble: nginx's and Gunicorn's levels. */
const TROUBLE = /\[(emerg|alert|crit|ERROR|CRITICAL)\]/;
/** What a program says of its command line or settings before it has a log. */
const COMPLAINT = /: error: |^Error: |^Failed to read config file/;
/** A line of a log, and no part of the message above it. */
const LOG_LINE = /^(\[?\d{4}[-/]\d\d[-/]\d\d |nginx: )/;
/** Gunicorn's heading of what an application threw. */
const HEADING = /\] Exception in worker process/;
/** Frames of a stack. One says where: the first outside of Node. */
const FRAME = /^\s+at /;
const FRAME_OF_NODE = /\bnode:/;
/** nginx's words for a port that needs a right. */
const FORBIDDEN_PORT = /^bind\(\) to \S+:\d+ failed \(13: Permission denied\)$/;
const MOST_LINES = 8;
/** What was said longer ago is not why the tier ended. */
const RECENT_MS = 10_000;

export class LastWords {
  #lines: string[] = [];
  #isOpen = false;
  #heardAt = 0;

  /** Hears every line of the tier. */
  hear(line: string): void {
    if (LOG_LINE.test(line)) this.#hearLog(line);
    else if (this.#isOpen) this.#goOn(line);
    else if (COMPLAINT.test(line)) this.#begin([line]);
  }

  #hearLog(line: string): void {
    if (!TROUBLE.test(line)) this.#isOpen = false;
    // nginx says that it gives up after it said what is wrong.
    else if (!/still could not bind\(\)$/.test(line)) this.#begin(HEADING.test(line) ? [] : [line]);
  }

  #begin(lines: string[]): void {
    this.#lines = lines;
    this.#isOpen = true;
    this.#heardAt = performance.now();
  }

  /** A message of several lines. */
  #goOn(line: string): void {
    const last = this.#lines.at(-1) ?? '';
    if (FRAME.test(line) && FRAME.test(last)) {
      if (FRAME_OF_NODE.test(last) && !FRAME_OF_NODE.test(line)) this.#lines.splice(-1, 1, line);
    } else if (line.trim() !== '' && this.#lines.length < MOST_LINES) this.#lines.push(line);
  }

  /** The message without time and process; empty where nothing was wrong of late. */
  get lines(): readonly string[] {
    if (performance.now() - this.#heardAt > RECENT_MS) return [];
    return this.#lines
      .filter((line) => !(FRAME.test(line) && FRAME_OF_NODE.test(line)))
      .map((line) => line.replace(/^.*?\[(emerg|alert|crit|ERROR|CRITICAL)\] (\d+#\d+: )?/, ''));
  }

  /** What to do about it, where nginx's words do not say. */
  get advice(): string | undefined {
    if (!this.lines.some((line) => FORBIDDEN_PORT.test(line))) return undefined;
    return 'only root may use ports below 1024: change "listen", for example to 8080';
  }
}
