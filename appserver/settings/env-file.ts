/** `.env` of the working directory: read at the start, and anew at each HUP. */
import { resolve } from 'node:path';
import { config } from 'dotenv';

/** What the file adds to an environment, whose own variables win over it. */
export class EnvFile {
  readonly #path: string;
  readonly #environment: NodeJS.ProcessEnv;
  /** What this file has set. */
  #set: Readonly<Record<string, string>> = {};

  /** The path is remembered whole: the program may change its working directory. */
  constructor(path: string, environment: NodeJS.ProcessEnv) {
    this.#path = resolve(path);
    this.#environment = environment;
  }

  /**
   * Puts what the file says now in place of what it said before. Answers what brings the earlier
   * state back. A file that is not there says nothing.
   */
  load(): () => void {
    const before = this.#set;
    this.#put({});
    const said: Record<string, string> = {};
    config({ path: this.#path, quiet: true, processEnv: said });
    const own = this.#environment;
    this.#put(Object.fromEntries(Object.entries(said).filter(([name]) => own[name] === undefined)));
    return () => this.#put(before);
  }

  #put(values: Readonly<Record<string, string>>): void {
    for (const name of Object.keys(this.#set)) delete this.#environment[name];
    Object.assign(this.#environment, values);
    this.#set = values;
  }
}
