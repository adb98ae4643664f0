/** A program that a test starts: what it says, how it ends, and that it is gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { PATIENCE_MS } from './until.ts';

export interface ProgramOptions {
  readonly cwd: string;
  /** Added to the environment of the tests; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Another user and group than that of the tests. */
  readonly uid?: number;
  readonly gid?: number;
}

/** A running program. Whoever starts it stops it. */
export class Program {
  readonly child: ChildProcess;
  /** Its standard output and standard error so far, as they came. */
  output = '';
  /** Its exit code, or the signal that ended it, once everything it said is here. */
  readonly ended: Promise<number | NodeJS.Signals>;
  #isGone = false;
  #look: () => void = () => {};
  readonly #killAtExit = (): void => {
    this.child.kill('SIGTERM');
  };

  constructor(file: string, words: readonly string[], options: ProgramOptions) {
    const { env = {}, ...rest } = options;
    const whole: NodeJS.ProcessEnv = { ...process.env, ...env };
    // The runner's own variables would make the program a test of it.
    for (const name of ['NODE_TEST_CONTEXT', 'NODE_CHANNEL_FD']) delete whole[name];
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete whole[name];
    this.child = spawn(file, words, { ...rest, env: whole, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#look();
      });
    }
    process.once('exit', this.#killAtExit);
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        this.#isGone = true;
        process.removeListener('exit', this.#killAtExit);
        resolve(signal ?? code ?? 0);
        this.#look();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get lines(): string[] {
    return this.output.split('\n').slice(0, -1);
  }

  /** Waits until the output matches; rejects where the program ends before. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    const timer = setTimeout(() => this.#look(), PATIENCE_MS);
    const deadline = performance.now() + PATIENCE_MS;
    try {
      for (;;) {
        const found = pattern.exec(this.output);
        if (found !== null) return found;
        if (this.#isGone || performance.now() >= deadline) {
          throw new Error(`no ${pattern} in what the program said:\n${this.output}`);
        }
        await new Promise<void>((resolve) => {
          this.#look = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Asks it to end, kills it where it does not, and waits until it is gone. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.#isGone) this.signal(name);
    const timer = setTimeout(() => this.signal('SIGKILL'), PATIENCE_MS);
    await this.ended.catch(() => {});
    clearTimeout(timer);
  }
}
