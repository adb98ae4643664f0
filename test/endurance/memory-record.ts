/** What processes hold in memory over time, as numbers and as a plot. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { MB, residentBytes } from '../hostile/memory.ts';

const EVERY_MS = 500;

/** A process to watch; `pid` is asked each time, since workers are replaced. */
export interface Watched {
  readonly name: string;
  pid(): number;
}

interface Sample {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Takes samples until the test ends, then writes the plot where ENDURANCE_OUT names a folder. */
export class MemoryRecord {
  readonly #samples = new Map<string, Sample[]>();
  readonly #startedAt = performance.now();

  constructor(t: TestContext, scenario: string, watched: readonly Watched[]) {
    for (const { name } of watched) this.#samples.set(name, []);
    const timer = setInterval(() => {
      for (const each of watched) this.#look(each);
    }, EVERY_MS);
    t.after(() => {
      clearInterval(timer);
      const folder = process.env['ENDURANCE_OUT'];
      if (folder === undefined) return;
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${scenario}.svg`), this.#plot(scenario));
    });
  }

  #look({ name, pid }: Watched): void {
    const megabytes = residentBytesOf(pid) / MB;
    if (megabytes === 0) return;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    this.#samples.get(name)?.push({ seconds, megabytes });
  }

  /** Growth in MB from the mean of the second fifth of the time to that of the last. */
  growth(name: string): number {
    const samples = this.#samples.get(name) ?? [];
    const fifth = Math.floor(samples.length / 5);
    return mean(samples.slice(-fifth)) - mean(samples.slice(fifth, 2 * fifth));
  }

  /** One line for each process: first, least, greatest, last. */
  lines(): string[] {
    return [...this.#samples].map(([name, samples]) => {
      const sizes = samples.map(({ megabytes }) => megabytes);
      const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
      const range = `${Math.min(...sizes).toFixed(1)} to ${Math.max(...sizes).toFixed(1)}`;
      return `${name}: ${first.toFixed(1)} MB at first, ${range}, ${last.toFixed(1)} at last`;
    });
  }

  #plot(title: string): string {
    const all = [...this.#samples.values()].flat();
    const longest = Math.max(1, ...all.map(({ seconds }) => seconds));
    const most = Math.max(1, ...all.map(({ megabytes }) => megabytes)) * 1.1;
    const lines = [...this.#samples].map(([name, samples], index) => {
      const points = samples.map(({ seconds, megabytes }) => {
        const x = 50 + (seconds / longest) * 540;
        return `${x.toFixed(1)},${(250 - (megabytes / most) * 220).toFixed(1)}`;
      });
      const colour = COLOURS[index % COLOURS.length];
      return `<polyline fill="none" stroke="${colour}" points="${points.join(' ')}"/>
<text x="60" y="${275 + index * 14}" fill="${colour}">${name}</text>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 ${290 + this.#samples.size * 14}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="50" y="18" font-size="13">${title}: resident memory, ${longest.toFixed(0)} s, axis to ${most.toFixed(0)} MB</text>
<path d="M50 30V250H590" fill="none" stroke="#888"/>
${lines.join('\n')}
</svg>
`;
  }
}

const COLOURS = ['#1f6feb', '#d29922', '#2da44e', '#cf222e'];

function mean(samples: readonly Sample[]): number {
  return samples.reduce((sum, { megabytes }) => sum + megabytes, 0) / Math.max(1, samples.length);
}

/** 0 where there is no such process (any more). */
function residentBytesOf(pid: () => number): number {
  try {
    return residentBytes(pid());
  } catch {
    // It ended between two looks; the next sample is of who takes its place.
    return 0;
  }
}
