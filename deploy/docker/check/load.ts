/** Requests without pause while something else happens, and a count of those that fail. */
import { Agent, type IncomingMessage, request } from 'node:http';

const CLIENTS = 4;
/** After an answer: the machine is shared, and what counts is failures, not speed. */
const PAUSE_MS = 5;
/** After a failure, so that a tier that is away does not count for thousands. */
const PAUSE_AFTER_FAILURE_MS = 50;
/** No answer takes longer. */
const PATIENCE_MS = 10_000;
/** The load ends by itself after this, whoever forgot it. */
const LONGEST_MS = 120_000;

/** What came of the requests of one load. */
export interface Tally {
  answered: number;
  /** How many failed, by what failed: a status, or a code such as ECONNREFUSED. */
  readonly failures: Map<string, number>;
  /** Kept-alive connections that were closed as a request came, which was sent again, once. */
  resent: number;
}

/** Load on 127.0.0.1 from `startLoad` on, until `stop`. */
export interface Load {
  readonly tally: Tally;
  stop(): Promise<Tally>;
}

/** Asks for `paths` in turn over a few kept-alive connections to `port` of 127.0.0.1. */
export function startLoad(port: number, paths: readonly string[]): Load {
  const tally: Tally = { answered: 0, failures: new Map(), resent: 0 };
  const deadline = performance.now() + LONGEST_MS;
  let isStopped = false;
  const mayGoOn = (): boolean => !isStopped && performance.now() < deadline;
  const clients = Array.from({ length: CLIENTS }, () => runClient(port, paths, tally, mayGoOn));
  return {
    tally,
    async stop() {
      isStopped = true;
      await Promise.all(clients);
      return tally;
    },
  };
}

/** How many requests failed. */
export function failed({ failures }: Tally): number {
  return [...failures.values()].reduce((sum, count) => sum + count, 0);
}

/** A tally in words: `812 answered, 3 failed (502: 2, ECONNREFUSED: 1)`. */
export function describe(tally: Tally): string {
  const kinds = [...tally.failures].map(([kind, count]) => `${kind}: ${count}`).join(', ');
  const resent = tally.resent === 0 ? '' : `, ${tally.resent} sent again as a connection closed`;
  return `${tally.answered} answered, ${failed(tally)} failed${kinds && ` (${kinds})`}${resent}`;
}

async function runClient(
  port: number,
  paths: readonly string[],
  tally: Tally,
  mayGoOn: () => boolean,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let turn = 0; mayGoOn(); turn++) {
    const path = paths[turn % paths.length] ?? '/';
    let result = await ask(agent, port, path);
    // RFC 9112 9.3.1: a connection may close at any time, and a client may repeat a GET by itself.
    if (result === 'closed') {
      tally.resent++;
      result = await ask(agent, port, path);
    }
    if (result === '200') tally.answered++;
    else tally.failures.set(result, (tally.failures.get(result) ?? 0) + 1);
    await wait(result === '200' ? PAUSE_MS : PAUSE_AFTER_FAILURE_MS);
  }
  agent.destroy();
}

/** The status of the whole answer, `closed` where a kept-alive connection was gone, or what failed. */
function ask(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { agent, host: '127.0.0.1', port, path, timeout: PATIENCE_MS };
    const asked = request(options, (answer: IncomingMessage) => {
      answer.resume();
      answer.once('end', () => resolve(String(answer.statusCode)));
      answer.once('error', () => resolve('cut off'));
    });
    asked.once('timeout', () => asked.destroy(new Error('timeout')));
    asked.once('error', (error: NodeJS.ErrnoException) => {
      const isClosed = asked.reusedSocket && error.code === 'ECONNRESET';
      resolve(isClosed ? 'closed' : (error.code ?? error.message));
    });
    asked.end();
  });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
