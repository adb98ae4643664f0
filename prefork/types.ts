/**
 * What master, worker process and thread promise each other. Types only: nothing here runs.
 *
 * A tier writes an entry module that exports `startThread` (see `ThreadEntry`) and gives its URL to
 * the master in a `WorkerSpec`. README.md draws the path.
 */

/** A TCP address to accept on. */
export interface TcpListenerSpec {
  readonly kind: 'tcp';
  /** An IP literal, never a name: nothing is resolved here. */
  readonly host: string;
  /** 0 lets the kernel choose; the bound listener's spec then says which. */
  readonly port: number;
  /** IPV6_V6ONLY; means nothing for an IPv4 address. nginx's default is on. */
  readonly ipv6Only: boolean;
  /** SO_REUSEPORT: the master keeps one socket per thread instead of one for all. */
  readonly reusePort: boolean;
  /** For `listen(2)`, called by the thread; the kernel clips it to somaxconn. */
  readonly backlog: number;
}

/** A Unix-domain socket to accept on. */
export interface UnixListenerSpec {
  readonly kind: 'unix';
  /** At most 107 bytes (sun_path). Relative paths stand against the master's working directory. */
  readonly path: string;
  /** Permission bits set with chmod after the bind, such as 0o666. Wins over `umask`. */
  readonly mode?: number;
  /** umask during the bind, such as 0o117. */
  readonly umask?: number;
  /** Owner given to the socket file after the bind, where the master may. */
  readonly uid?: number;
  readonly gid?: number;
  readonly backlog: number;
}

export type ListenerSpec = TcpListenerSpec | UnixListenerSpec;

/** Why a listener could not be bound. The tier words it for its log. */
export interface BindFailure {
  readonly spec: ListenerSpec;
  /** `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENAMETOOLONG`, ... */
  readonly code: string;
  /** The positive errno: 98 for EADDRINUSE on Linux. */
  readonly errno: number;
  /** The system's text: `Address already in use`. */
  readonly message: string;
  /** What failed: `bind`, `chmod`, `chown`, `unlink`, `connect` (the probe of a socket file). */
  readonly syscall: string;
  /** In our words, where the system's say too little: `run/app.sock is a folder, not a socket`. */
  readonly reason?: string;
  /** Trying again cannot help. */
  readonly isFinal?: boolean;
}

/** A listener as one thread gets it. */
export interface ThreadListener {
  /** As in `WorkerSpec.listeners`; a port of 0 is still 0 here, while `spec` has the real one. */
  readonly key: string;
  readonly spec: ListenerSpec;
  /**
   * This thread's own copy of the descriptor, bound and not yet listening (or listening already,
   * where an earlier worker did). Single use: `server.listen({ fd }, spec.backlog)`; a `backlog`
   * inside the options object is ignored by Node.
   */
  readonly fd: number;
}

/** What a thread is born with. */
export interface ThreadContext {
  readonly listeners: readonly ThreadListener[];
  /** `WorkerSpec.data`, a structured clone. */
  readonly data: unknown;
  /** 0 .. threadCount - 1. With one thread the entry runs on the process's main thread. */
  readonly threadIndex: number;
  readonly threadCount: number;
  /** Serial number of this worker process in its master: 1, 2, ... (Gunicorn's age). */
  readonly age: number;
  /** Memory shared by the threads of this process: `WorkerSpec.shared`, zeroed at the start. */
  readonly shared: Readonly<Record<string, SharedArrayBuffer>>;
  /** One word per thread of this process: 1 once the thread has ended, with whatever it held locked. */
  readonly ended: Int32Array<SharedArrayBuffer>;
  /** Sends to the master: its handle's `message` event. Structured clone. */
  send(message: unknown): void;
  /**
   * Asks to be replaced: the pool starts a successor, and drains this worker process when that one
   * is ready (Gunicorn's max_requests, without the gap). Without a pool: the `retire` event.
   */
  retire(): void;
}

/** A thread that has started. */
export interface RunningThread {
  /**
   * Starts accepting. Called once every thread of the process has started and privileges are
   * dropped; the process is ready when all have resolved. Whoever needs no such order may listen
   * in `startThread` and leave this out.
   */
  accept?(): Promise<void> | void;
  /** Graceful: stops accepting, finishes what runs, then resolves. The master holds the clock. */
  drain(): Promise<void> | void;
  /** Fast: drops what runs and resolves. */
  quit(): Promise<void> | void;
  /** A message from the master's `worker.send`. Those sent before the start are delivered after it. */
  message?(message: unknown): void;
  /** Opens log files anew (USR1). */
  reopenLogs?(): void;
}

/** What the main thread of a worker process may do beside its threads: watch them. */
export interface RunningProcess {
  /** `threadId` is Node's, for the inspector and for lock words. 0 is the main thread. */
  threadStarted?(threadIndex: number, threadId: number): void;
  /** Called for every end of a thread; `isExpected` is false where nobody asked for it. */
  threadExited?(threadIndex: number, threadId: number, isExpected: boolean): void;
  /** A message from `worker.sendToProcess`. */
  message?(message: unknown): void;
  /** The process is about to exit. */
  stop?(): void;
}

export interface ProcessContext {
  readonly data: unknown;
  readonly threadCount: number;
  readonly age: number;
  readonly shared: Readonly<Record<string, SharedArrayBuffer>>;
  /** Sends to the master; `threadIndex` is -1 in its `message` event. */
  send(message: unknown): void;
  /** Asks for a successor of this worker process, as `ThreadContext.retire` does. */
  retire(): void;
  /**
   * Terminates a thread that is stuck. Its siblings go on whatever `onThreadExit` says; the last
   * one takes the process along. One inside a native call ends only when that returns, and a
   * debugger must have let it go. Nothing happens to an entry that runs on the main thread.
   */
  endThread(threadIndex: number): void;
}

/**
 * What an entry module exports. An error thrown or rejected here fails the boot: its numeric
 * `exitCode` property, where it has one, becomes the exit code of the process (Gunicorn: 3 boot
 * error, which is the default, 4 app load error).
 */
export interface ThreadEntry {
  startThread(context: ThreadContext): Promise<RunningThread> | RunningThread;
}

/** What a module named by `WorkerSpec.processEntry` exports. Its errors count as those above. */
export interface ProcessEntry {
  /** Runs once per process, on its main thread, before any thread starts. */
  startProcess(context: ProcessContext): Promise<RunningProcess> | RunningProcess;
}

/** Signals a worker process may be sent by an operator, past its master. */
export type WorkerSignal =
  | 'SIGTERM'
  | 'SIGINT'
  | 'SIGQUIT'
  | 'SIGHUP'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGWINCH';
export type WorkerSignalAction = 'drain' | 'quit' | 'reopen' | 'ignore';

/** User and group a worker process changes to. Names or numbers. */
export interface Privileges {
  readonly user: string | number;
  readonly group: string | number;
  /** Also take the user's supplementary groups; else they are emptied. Needs a user name. */
  readonly initgroups: boolean;
  /**
   * `start`: before the entry module is loaded (Gunicorn: the app never runs as root).
   * `accept`: after every `startThread`, before any `accept` (nginx: logs are opened as root).
   */
  readonly dropAt: 'start' | 'accept';
}

/** How to start one worker process. */
export interface WorkerSpec {
  /** URL of the entry module; see `entryModule`. */
  readonly entry: URL;
  /**
   * URL of a module that watches the threads from the process's main thread. A module of its own,
   * so that the main thread of several does not load all that they load.
   */
  readonly processEntry?: URL | undefined;
  /** 1 runs the entry on the main thread of the process. */
  readonly threads: number;
  /** Keys of the master's listeners this worker accepts on; all of them where left out. */
  readonly listeners?: readonly string[];
  /** Structured-cloneable configuration: `ThreadContext.data`. */
  readonly data?: unknown;
  /** Name and byte length of memory shared by the threads of the process. */
  readonly shared?: Readonly<Record<string, number>>;
  /** Added to the master's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Node flags beside our own. */
  readonly execArgv?: readonly string[];
  /** Title in `ps`. */
  readonly title?: string;
  readonly privileges?: Privileges | undefined;
  /**
   * A thread ends though nobody asked: `exit` ends the process (a pool respawns it), `report`
   * keeps the other threads serving and reports it (the generation is replaced).
   */
  readonly onThreadExit: 'exit' | 'report';
  /**
   * What signals from outside do. A signal not named is ignored: Ctrl-C and Ctrl-\ reach the whole
   * process group, and there the master decides.
   */
  readonly signals?: Partial<Record<WorkerSignal, WorkerSignalAction>>;
}

/** `booting` until every thread is ready; `draining` once told to end; `gone` after the exit. */
export type WorkerState = 'booting' | 'ready' | 'draining' | 'gone';

/** Why a worker process could not become ready, told by itself before it left. */
export interface BootFailure {
  readonly threadIndex: number;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** `EADDRINUSE` at listen, ...; empty where the error had none. */
  readonly code: string;
  readonly syscall: string;
  /** The listener whose descriptor or address the error names, where it names one. */
  readonly listener: ListenerSpec | undefined;
}

/** How a worker process ended. */
export interface WorkerExit {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly wasReady: boolean;
  /** Whether this master had told it to end (drain, quit or kill). */
  readonly isExpected: boolean;
  readonly livedMs: number;
  readonly failure: BootFailure | undefined;
}

/** A thread that ended though nobody asked. */
export interface ThreadExit {
  readonly threadIndex: number;
  readonly threadId: number;
  readonly code: number;
  /** The uncaught error's stack, empty where there was none. */
  readonly stack: string;
}

/** Events of a `WorkerProcess`, as argument lists. */
export interface WorkerEvents {
  ready: [];
  /** From `ThreadContext.send` (`threadIndex` 0 and up) or `ProcessContext.send` (-1). */
  message: [message: unknown, threadIndex: number];
  retire: [];
  /** It drains: told to by the master, or by an operator's signal. */
  leaving: [];
  threadExit: [exit: ThreadExit];
  /** Once, last. */
  exit: [exit: WorkerExit];
}
