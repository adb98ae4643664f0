/** The access log of one thread. */
import { type AccessFormat, type AccessRecord, compileAccessFormat } from './access-format.ts';
import { LogFile } from './log-file.ts';

/** Appends a line per request; the lines of one turn of the event loop leave in one write. */
export class AccessLog {
  readonly #file: LogFile;
  readonly #format: AccessFormat;
  #pending = '';
  readonly #flush = (): void => this.flush();

  /**
   * `path` may be `-` for standard output; `failed` hears that lines are lost. Throws where the file
   * cannot be opened.
   */
  constructor(path: string, format: string, failed: (message: string) => void) {
    this.#format = compileAccessFormat(format);
    this.#file = new LogFile(path, 1, failed);
  }

  add(record: AccessRecord): void {
    if (this.#pending === '') setImmediate(this.#flush);
    this.#pending += this.#format(record);
  }

  flush(): void {
    if (this.#pending === '') return;
    this.#file.write(this.#pending);
    this.#pending = '';
  }

  reopen(): void {
    this.flush();
    this.#file.reopen();
  }

  close(): void {
    this.flush();
    this.#file.close();
  }
}
