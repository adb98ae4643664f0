/**
 * Holds many idle keep-alive connections, each of which has done one request. Takes port, number
 * and request as arguments; prints one line of JSON when all are open, and ends with another when
 * standard input does.
 */
import { connect } from 'node:net';
import { answerBytes } from './answer-length.ts';

/** What the holder says: all are open, or how many still were when it was told to leave. */
export interface HolderLine {
  readonly open: number;
  readonly problem: string;
}

// No source address is chosen: a bind before each connect took 2 ms on a machine with many
// connections in TIME_WAIT, and ports for one destination suffice for about 28,000.
const OPENING_AT_ONCE = 100;
/** Closes that have arrived already are noticed within this time. */
const LAST_LOOK_MS = 20;

class Holder {
  readonly port: number;
  readonly wanted: number;
  readonly request: string;
  readonly buffer = Buffer.alloc(1 << 16);
  started = 0;
  answered = 0;
  closed = 0;
  problem = '';

  constructor(port: number, wanted: number, request: string) {
    this.port = port;
    this.wanted = wanted;
    this.request = request;
  }

  begin(): void {
    for (let i = 0; i < Math.min(OPENING_AT_ONCE, this.wanted); i++) this.openNext();
  }

  say(): void {
    const line: HolderLine = { open: this.answered - this.closed, problem: this.problem };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }

  openNext(): void {
    if (this.started === this.wanted) return;
    this.started++;
    let head = '';
    let received = 0;
    const socket = connect({
      port: this.port,
      host: '127.0.0.1',
      onread: {
        buffer: this.buffer,
        callback: (length) => {
          received += length;
          head += this.buffer.toString('latin1', 0, length);
          const total = answerBytes(head);
          if (total > 0 && received >= total) this.answerArrived();
          return true;
        },
      },
    });
    socket.on('error', (error) => this.fail(error.message));
    socket.on('close', () => {
      this.closed++;
      this.fail('a connection was closed');
    });
    socket.write(this.request, 'latin1');
  }

  answerArrived(): void {
    this.answered++;
    if (this.answered === this.wanted) this.say();
    else this.openNext();
  }

  fail(problem: string): void {
    if (this.problem !== '') return;
    this.problem = problem;
    this.say();
  }
}

const [port, wanted, request] = process.argv.slice(2);
const holder = new Holder(Number(port), Number(wanted), String(request));
process.stdin.resume().on('end', () => {
  setTimeout(() => {
    holder.say();
    process.exit(0);
  }, LAST_LOOK_MS);
});
holder.begin();
