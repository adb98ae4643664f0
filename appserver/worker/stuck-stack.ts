/**
 * The stack of a thread that does not return to its event loop, read from another thread through
 * V8's inspector. Interrupting JavaScript costs some 30 ms (60 for a worker_thread); a thread
 * inside a native call (a synchronous child process, a hash, JSON.parse) has no stack to give.
 */
import { type InspectorNotification, Session } from 'node:inspector';

/** How long a thread may take to be interrupted. */
const PATIENCE_MS = 2000;
/** An endless recursion has thousands. */
const MOST_FRAMES = 30;

/** Lines as in `Error.stack`, topmost call first; empty where none could be had. */
export type StackLines = readonly string[];

/**
 * The stack of the process's main thread. Call it on a worker_thread. The main thread stays
 * stopped: end the process.
 */
export function readMainStack(): Promise<StackLines> {
  const session = new Session();
  session.connectToMainThread();
  return new Promise((resolve) => {
    const reading = new Reading(resolve);
    session.on('inspectorNotification', ({ method, params }) => reading.hear(method, params));
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  });
}

/** The stack of a worker_thread, by Node's `threadId`. Call it on the main thread. It runs on after. */
export function readThreadStack(threadId: number): Promise<StackLines> {
  const session = new Session();
  session.connect();
  return new Promise((resolve) => {
    let sessionId = '';
    const tell = (id: number, method: string): void => {
      const message = JSON.stringify({ id, method });
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
    };
    const reading = new Reading((lines) => {
      // A thread left in a pause would make terminate() wait for ever.
      if (sessionId !== '') tell(3, 'Debugger.disable');
      session.post('NodeWorker.disable');
      session.disconnect();
      resolve(lines);
    });
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // Neither the order of the events nor `workerId` tells which thread it is.
      if (!params.workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
      sessionId = params.sessionId;
      tell(1, 'Debugger.enable');
      tell(2, 'Debugger.pause');
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId !== sessionId) return;
      const { method, params: news }: InspectorNotification<unknown> = JSON.parse(params.message);
      reading.hear(method, news);
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}

interface CallFrame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber?: number;
  };
}

/** Listens to the debugger until it tells of the pause, or patience is over. */
class Reading {
  /** Call frames name scripts by number alone. */
  readonly #urls = new Map<string, string>();
  readonly #resolve: (lines: StackLines) => void;
  readonly #timer: NodeJS.Timeout;

  constructor(resolve: (lines: StackLines) => void) {
    this.#resolve = resolve;
    this.#timer = setTimeout(() => resolve([]), PATIENCE_MS);
  }

  /** `params` as the debugger's protocol defines them for `method`. */
  hear(method: string, params: unknown): void {
    if (method === 'Debugger.scriptParsed') {
      const script = params as { scriptId: string; url: string };
      this.#urls.set(script.scriptId, script.url);
    } else if (method === 'Debugger.paused') {
      clearTimeout(this.#timer);
      const { callFrames } = params as { callFrames: readonly CallFrame[] };
      this.#resolve(callFrames.slice(0, MOST_FRAMES).map((frame) => this.#show(frame)));
    }
  }

  #show({ functionName, location }: CallFrame): string {
    const url = this.#urls.get(location.scriptId) || '<anonymous>';
    const place = `${url}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`;
    return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
  }
}
