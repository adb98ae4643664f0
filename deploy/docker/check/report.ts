/** One line for each step: whether it held, what was seen, how long it took. */
import { seconds } from './steps.ts';

export class Report {
  #part = '';
  #steps = 0;
  #failures = 0;

  /** A part begins: its name stands before each of its steps. */
  begin(part: string): void {
    this.#part = part;
  }

  /** Runs a step and says what came of it; says whether it held. */
  async step(name: string, work: () => Promise<string | undefined>): Promise<boolean> {
    this.#steps++;
    const begin = performance.now();
    try {
      const seen = await work();
      this.#line('ok  ', name, performance.now() - begin, seen);
      return true;
    } catch (error) {
      this.#failures++;
      this.#line('FAIL', name, performance.now() - begin, String(error));
      return false;
    }
  }

  /** Says how it went and gives the exit code. */
  end(): number {
    console.log(`${this.#steps} steps, ${this.#failures} failed`);
    return this.#failures === 0 ? 0 : 1;
  }

  #line(verdict: string, name: string, tookMs: number, seen = ''): void {
    const title = `${this.#part}: ${name}`;
    console.log(`${verdict} ${title.padEnd(46)} ${seconds(tookMs).padStart(7)}  ${seen}`);
  }
}
