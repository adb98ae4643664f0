/** Clients that ask one request after another, and remember what became of each. */
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Whom the clients ask: a pool by its socket, or a front by its port of 127.0.0.1. */
export type Asked = { readonly socketPath: string } | { readonly portNumber: number };

/** A request that was not answered with 200 in full. */
export interface Failure {
  readonly reason: string;
  /** Of the worker that had answered on the connection before; 0 on a fresh one. */
  readonly pid: number;
  /** Whether it was sent before the moment that `Load.mark` named. */
  readonly isBeforeMark: boolean;
}

export interface LoadOptions {
  /** Clients that keep their connection, and clients that close it each time. */
  readonly keeping: number;
  readonly closing: number;
  /** Every other request posts to this path. */
  readonly postPath?: string;
  readonly path?: string;
  /** Every third request is for this file, whose content is no process id. */
  readonly filePath?: string;
}

function placeOf(asked: Asked): { socketPath: string } | { host: string; port: number } {
  if ('socketPath' in asked) return { socketPath: asked.socketPath };
  return { host: '127.0.0.1', port: asked.portNumber };
}

/**
 * A client's pause after each answer: long enough that clients leave the processor to the processes
 * that start meanwhile, short enough that some always have a request under way.
 */
const PAUSE_MS = 4;

type PidSocket = Socket & { workerPid?: number };

/** Runs until `stop`. The application answers with its process id. */
export class Load {
  readonly failures: Failure[] = [];
  readonly answersByPid = new Map<number, number>();
  answered = 0;
  posted = 0;
  readonly #asked: Asked;
  readonly #options: LoadOptions;
  readonly #clients: Promise<void>[] = [];
  #isOver = false;
  #marks = 0;
  #watchers: (() => void)[] = [];

  constructor(asked: Asked, options: LoadOptions) {
    this.#asked = asked;
    this.#options = options;
    for (let count = 0; count < options.keeping; count += 1) this.#clients.push(this.#run(true));
    for (let count = 0; count < options.closing; count += 1) this.#clients.push(this.#run(false));
  }

  /** What is sent from now on is told from what was sent before. */
  mark(): void {
    this.#marks += 1;
  }

  /** Waits for so many answers from now on. */
  async more(count: number): Promise<void> {
    const goal = this.answered + count;
    await this.until(() => this.answered >= goal);
  }

  /** Waits until something holds, looked at after every answer. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #run(keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    const { path = '/', postPath, filePath } = this.#options;
    for (let turn = 0; !this.#isOver; turn += 1) {
      const isPost = postPath !== undefined && turn % 2 === 1;
      const isFile = filePath !== undefined && turn % 3 === 0 && !isPost;
      if (isFile) await this.#ask(agent, filePath, 'file');
      else await this.#ask(agent, isPost ? postPath : path, isPost ? 'post' : 'get');
      for (const watcher of this.#watchers.splice(0)) watcher();
      await pause(PAUSE_MS);
    }
    agent.destroy();
  }

  #ask(agent: Agent, path: string, kind: 'get' | 'post' | 'file'): Promise<void> {
    const marks = this.#marks;
    return new Promise((resolve) => {
      let socket: PidSocket | undefined;
      const method = kind === 'post' ? 'POST' : 'GET';
      const place = { ...placeOf(this.#asked), agent, path, method };
      const fail = (reason: string): void => {
        const pid = socket?.workerPid ?? 0;
        this.failures.push({ reason, pid, isBeforeMark: marks < this.#marks });
        resolve();
      };
      const sent = request(place, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('error', (error) => fail(error.message));
        response.on('end', () => {
          if (response.statusCode !== 200) return fail(`${response.statusCode} ${text}`);
          this.#count(kind === 'file' ? 0 : Number(text), kind === 'post');
          if (socket !== undefined && kind !== 'file') socket.workerPid = Number(text);
          resolve();
        });
      });
      sent.once('socket', (given) => {
        socket = given;
      });
      sent.on('error', (error) => fail(error.message));
      sent.end(kind === 'post' ? 'one more' : undefined);
    });
  }

  #count(pid: number, isPost: boolean): void {
    this.answered += 1;
    if (isPost) this.posted += 1;
    this.answersByPid.set(pid, (this.answersByPid.get(pid) ?? 0) + 1);
  }
}
