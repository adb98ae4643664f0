/** The messages between master, worker process and thread. Types only. */
import type {
  BootFailure,
  Privileges,
  ThreadExit,
  ThreadListener,
  WorkerSignal,
  WorkerSignalAction,
} from './types.ts';

/** The first message to a worker process. */
export interface WorkerBoot {
  readonly type: 'boot';
  readonly entry: string;
  readonly processEntry: string | undefined;
  readonly age: number;
  readonly data: unknown;
  /** Byte lengths by name. */
  readonly shared: Readonly<Record<string, number>>;
  /** One list per thread. */
  readonly threads: readonly (readonly ThreadListener[])[];
  readonly title: string | undefined;
  readonly privileges: Privileges | undefined;
  readonly onThreadExit: 'exit' | 'report';
  readonly signals: Partial<Record<WorkerSignal, WorkerSignalAction>>;
}

export type ToWorker =
  | WorkerBoot
  | { readonly type: 'drain' | 'quit' | 'reopen' }
  /** -1 means the process's main thread. */
  | {
      readonly type: 'message';
      readonly threadIndex: number | undefined;
      readonly message: unknown;
    };

export type FromWorker =
  | { readonly type: 'ready' | 'retire' | 'leaving' }
  | { readonly type: 'failed'; readonly failure: BootFailure }
  | { readonly type: 'threadExit'; readonly exit: ThreadExit }
  | { readonly type: 'message'; readonly threadIndex: number; readonly message: unknown };

/** What a thread is started with; worker_threads clone it, buffers in `shared` stay shared. */
export interface ThreadBoot {
  readonly entry: string;
  readonly listeners: readonly ThreadListener[];
  readonly data: unknown;
  readonly threadIndex: number;
  readonly threadCount: number;
  readonly age: number;
  readonly shared: Readonly<Record<string, SharedArrayBuffer>>;
  readonly ended: Int32Array<SharedArrayBuffer>;
}

export type ToThread =
  | { readonly type: 'accept' | 'drain' | 'quit' | 'reopen' }
  | { readonly type: 'message'; readonly message: unknown };

export type FromThread =
  /** `startThread` resolved, `accept` resolved, `drain` or `quit` resolved. */
  | { readonly type: 'started' | 'ready' | 'done' | 'retire' }
  | { readonly type: 'failed'; readonly failure: BootFailure; readonly exitCode: number }
  | { readonly type: 'message'; readonly message: unknown };
