/**
 * A load generator of its own process for what wrk cannot do: Unix sockets, and short warm-ups.
 * Reads steps as JSON from standard input, runs one after the other, prints their counts as JSON.
 * A connection has one request in flight. Answers are counted by length, so they need a
 * Content-Length; every answer that begins a read is checked for status 200.
 */
import { connect, type Socket } from 'node:net';
import type { Address } from '../peers/peer.ts';
import { answerBytes } from './answer-length.ts';

/** One stretch of load. */
export interface Step {
  readonly address: Address;
  /** The request as bytes on the wire, latin1. */
  readonly request: string;
  readonly connections: number;
  readonly seconds: number;
  /** Whether each request gets a connection of its own. */
  readonly isOneShot: boolean;
}

/** What a step counted. */
export interface StepCount {
  readonly requests: number;
  readonly problems: number;
  /** The first problem in words; empty where there was none. */
  readonly problem: string;
}

const STATUS_LINE = Buffer.from('HTTP/1.1 200');
/** How long answers may still arrive after the time is over. */
const LAST_ANSWERS_MS = 5000;

/** Runs one step until its time is over and the last answers have arrived. */
export function runStep(step: Step): Promise<StepCount> {
  return new Promise((resolve) => new StepRun(step, resolve).begin());
}

class StepRun {
  readonly step: Step;
  readonly buffer = Buffer.alloc(1 << 16);
  readonly sockets = new Set<Socket>();
  readonly report: (count: StepCount) => void;
  requests = 0;
  problems = 0;
  problem = '';
  isOver = false;
  lastTimer: NodeJS.Timeout | undefined;

  constructor(step: Step, report: (count: StepCount) => void) {
    this.step = step;
    this.report = report;
  }

  begin(): void {
    for (let i = 0; i < this.step.connections; i++) this.open();
    setTimeout(() => {
      this.isOver = true;
      this.lastTimer = setTimeout(() => {
        this.fail('an answer did not arrive');
        for (const socket of this.sockets) socket.destroy();
      }, LAST_ANSWERS_MS);
      if (this.sockets.size === 0) this.finish();
    }, this.step.seconds * 1000);
  }

  open(): void {
    let received = 0;
    let total = 0;
    let head = '';
    const { step, buffer } = this;
    const onread = {
      buffer,
      callback: (length: number): boolean => {
        if (received === 0 && !startsWell(buffer, length)) this.fail('an answer is not 200');
        received += length;
        if (total === 0) {
          head += buffer.toString('latin1', 0, length);
          total = answerBytes(head);
          if (total < 0) {
            this.fail('an answer has no Content-Length');
            socket.destroy();
            return false;
          }
          if (total === 0) return true;
        }
        if (received < total) return true;
        if (received > total) this.fail('an answer is longer than the one before');
        received = 0;
        this.requests++;
        if (this.isOver || step.isOneShot) socket.destroy();
        else socket.write(step.request, 'latin1');
        return true;
      },
    };
    const { port, socketPath } = step.address;
    const socket =
      socketPath === undefined
        ? connect({ port, host: '127.0.0.1', noDelay: true, onread })
        : connect({ path: socketPath, onread });
    this.sockets.add(socket);
    let ownClose = true;
    socket.on('error', (error) => this.fail(error.message));
    socket.on('end', () => {
      ownClose = false;
    });
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (!ownClose && !step.isOneShot) this.fail('a connection was closed');
      if (!this.isOver && step.isOneShot && this.problems === 0) this.open();
      else if (this.isOver && this.sockets.size === 0) this.finish();
    });
    socket.write(step.request, 'latin1');
  }

  fail(problem: string): void {
    if (this.problems === 0) this.problem = problem;
    this.problems++;
  }

  finish(): void {
    clearTimeout(this.lastTimer);
    this.report({ requests: this.requests, problems: this.problems, problem: this.problem });
  }
}

function startsWell(buffer: Buffer, length: number): boolean {
  return length >= STATUS_LINE.length && buffer.compare(STATUS_LINE, 0, 12, 0, 12) === 0;
}

if (import.meta.main) {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('latin1')) text += chunk;
  const counts: StepCount[] = [];
  for (const step of JSON.parse(text) as Step[]) counts.push(await runStep(step));
  process.stdout.write(JSON.stringify(counts));
}
