/** What the figures mean and what they do not show; the same words on every page. */
import type { Results } from './results.ts';

/** How the figures were made. */
export function methodNotes(results: Results): string[] {
  const { seconds, rounds } = results;
  const source =
    results.machine.timeSource === 'schedstat'
      ? 'the nanoseconds that the scheduler counted for each of its threads (`/proc/PID/task/*/schedstat`)'
      : 'user and system time in ticks of 10 ms (`/proc/PID/stat`)';
  return [
    `A figure is the processor time of the front's own processes, workers and masters together, over the requests it answered: ${source}.`,
    'The front has one core to itself and one worker; the load generator, the backend and the benchmark share another.',
    `In each of ${rounds} rounds every row is measured with every front in turn for ${seconds} s; rows that start a new process have at most 3 rounds, the crowd 5.`,
    'A figure is the median of the rounds with their least and greatest. A ratio is taken within each round, then the median of these: only ratios of one run can be compared.',
    'nginx and tandem read the same nginx.conf; upstream keep-alive is on. Every answer is checked for status and length before it is measured; a wrong or failed one under load voids the figure.',
    'Fronts run all rows of one configuration in the same process, and are warm: each request was sent for a quarter of a second before the first round.',
  ];
}

/** What a reader must not take from them. */
export function limitNotes(): string[] {
  return [
    'Not latency, and not the most requests per second: a front that waits costs nothing here. The column "busy" says how much of its core a front used while it was measured; a front with time to spare wakes up more often for fewer requests each, which costs more per request.',
    'Not networks: client, front and backend talk over the loopback device, whose delivery work the kernel charges to whoever sends.',
    'Not TLS, HTTP/2 or compression; not several workers; not slow clients; not a disk that has to be read, since every file is in the page cache.',
    'Requests have the few header fields that the load generator sends. A browser sends about 600 bytes of them.',
    'Memory is the proportional set size of the processes. Socket buffers in the kernel are not in it, and memory of a JavaScript process includes garbage not yet collected.',
    'Time to the first answer of tandem includes a warm compile cache from the second start on.',
    'The machine is whatever it was: on a shared or virtual one the absolute times move by tens of percent from run to run.',
  ];
}
