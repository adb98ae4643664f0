/** The raw results of a run as they are kept. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname, join } from 'node:path';
import type { Sample } from '../measure/sample.ts';
import { HAPROXY, NGINX, PROJECT } from '../peers/programs.ts';
import type { Series } from '../rounds.ts';

/** What a run was made on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly nginx: string;
  readonly haproxy: string;
  /** Where processor time was read from. */
  readonly timeSource: string;
}

/** What was measured of one peer in one row. */
export type KeptSeries = Readonly<Omit<Series, 'samples'>> & {
  readonly samples: readonly Sample[];
};

/** Everything that a run found. */
export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  /** Connections of a crowd and of the idle row were divided by this. */
  readonly shrink: number;
  /** Peers that could not run, and why. */
  readonly missing: readonly { readonly label: string; readonly reason: string }[];
  readonly rows: readonly { readonly id: string; readonly series: readonly KeptSeries[] }[];
}

/** The results of the last run that was written. */
export const LATEST = join(PROJECT, 'bench/results/latest.json');

/** Writes results for people and programs. */
export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, rounded, 1)}\n`);
}

/** Reads results that `writeResults` wrote. */
export function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

/** This machine and the programs on it. */
export function thisMachine(timeSource: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    nginx: versionOf(NGINX, /nginx\/(\S+)/),
    haproxy: versionOf(HAPROXY, /version (\d[\d.]*)/),
    timeSource,
  };
}

function versionOf(program: string, pattern: RegExp): string {
  try {
    // nginx prints its version on standard error
    const text = execFileSync('sh', ['-c', '"$0" -v 2>&1', program], { encoding: 'utf8' });
    return pattern.exec(text)?.[1] ?? 'unknown';
  } catch {
    return 'not installed';
  }
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
