/** Starts `fixtures/small-master.ts` as a process of its own and reads what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../../prefork/pidfile.ts';

const SCRIPT = fileURLToPath(new URL('./fixtures/small-master.ts', import.meta.url));

type Fact = Readonly<Record<string, unknown>>;

/** A running master process and the facts it printed. */
export class MasterProcess {
  readonly child: ChildProcess;
  readonly facts: Fact[] = [];
  stderr = '';
  readonly #exit: Promise<unknown[]>;
  readonly #news = new EventEmitter();
  #isOver = false;

  constructor(t: TestContext, options: object, isGroupLeader = false) {
    this.child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: isGroupLeader,
    });
    this.#exit = once(this.child, 'close');
    void this.#exit.then(() => {
      this.#isOver = true;
      this.#news.emit('more');
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.facts.push(JSON.parse(line));
      this.#news.emit('more');
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    t.after(() => {
      if (this.child.exitCode === null) this.child.kill('SIGKILL');
    });
  }

  /** The first `count` facts with that name; rejects where the master ends without them. */
  async told(name: string, count = 1): Promise<Fact[]> {
    const matching = (): Fact[] => this.facts.filter((fact) => name in fact);
    while (matching().length < count) {
      if (this.#isOver) throw new Error(`the master never told "${name}": ${this.stderr}`);
      await once(this.#news, 'more');
    }
    return matching().slice(0, count);
  }

  /** The pids of both workers, once they are ready. */
  async workers(): Promise<number[]> {
    return (await this.told('ready', 2)).map((fact) => Number(fact['ready']));
  }

  async exitCode(): Promise<number | null> {
    await this.#exit;
    return this.child.exitCode;
  }
}

/** Waits until no process of that number lives; the test's own limit bounds it. */
export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}
