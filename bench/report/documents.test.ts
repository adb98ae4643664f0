import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../peers/programs.ts';
import { documentsFor } from './documents.ts';
import { type KeptSeries, LATEST, type Results, readResults } from './results.ts';
import { digits, summarize } from './summary.ts';
import { painterFor, terminalReport } from './terminal.ts';

function series(peer: string, values: readonly number[], base?: number): KeptSeries {
  const growth = base === undefined ? {} : { base };
  const samples = values.map((value) => ({
    value,
    requests: 1000,
    busy: 0.9,
    others: 0.05,
    ...growth,
  }));
  return { peer, label: `<${peer}>`, failure: '', samples };
}

function resultsOf(rows: Results['rows']): Results {
  return {
    machine: {
      processor: 'cpu',
      cores: 2,
      kernel: '6.1',
      node: 'v24.0.0',
      nginx: '1.22.1',
      haproxy: '2.6',
      timeSource: 'schedstat',
    },
    rounds: 2,
    seconds: 1,
    shrink: 1,
    missing: [],
    rows,
  };
}

test('each target is judged against the peer that it names', () => {
  const rows = [
    {
      id: 'static-1k',
      series: [
        series('nginx', [10, 20]),
        series('nginx-cache', [8, 16]),
        series('tandem', [9, 18]),
      ],
    },
  ];
  const [summary] = summarize(resultsOf(rows));
  const ours = summary!.lines[2]!;
  assert.equal(ours.ratio?.median, 0.9);
  assert.deepEqual(
    ours.verdicts.map(({ figure, isMet }) => [figure, isMet]),
    [
      [0.9, true],
      [1.125, false],
    ],
  );
});

test('growth is judged against ours before it, whatever nginx does', () => {
  const rows = [
    { id: 'many-static', series: [series('nginx', [10], 5), series('tandem', [11], 10)] },
  ];
  const [summary] = summarize(resultsOf(rows));
  assert.equal(summary!.lines[0]!.growth?.median, 2);
  assert.deepEqual(summary!.lines[0]!.verdicts, []);
  assert.equal(summary!.lines[1]!.verdicts[0]?.figure, 1.1);
  assert.equal(summary!.lines[1]!.verdicts[0]?.isMet, true);
});

test('an amount is judged by itself', () => {
  const rows = [{ id: 'idle', series: [series('tandem', [7000, 6200, 6100])] }];
  const verdict = summarize(resultsOf(rows))[0]!.lines[0]!.verdicts[0];
  assert.equal(verdict?.figure, 6200);
  assert.equal(verdict?.isMet, false);
});

test('a failed figure and a missing reference leave the target open', () => {
  const failed = { ...series('tandem', [9]), failure: 'status 500' };
  const rows = [
    { id: 'proxy-200', series: [series('nginx', [10]), failed] },
    { id: 'post-16k', series: [series('tandem', [9])] },
  ];
  const results = resultsOf(rows);
  for (const { lines } of summarize(results)) {
    assert.equal(lines.at(-1)!.verdicts[0]?.isMet, undefined);
  }
  const text = terminalReport(results, summarize(results), painterFor(false));
  assert.match(text, /FAILED: status 500/);
  assert.match(text, /at most 1.5 of nginx: not measured/);
});

test('the terminal report names a peer that was left out, and has no colour when piped', () => {
  const missing = [{ label: 'HAProxy', reason: 'haproxy is not installed: npm run peers' }];
  const text = terminalReport({ ...resultsOf([]), missing }, [], painterFor(false));
  assert.equal(text, 'LEFT OUT: HAProxy: haproxy is not installed: npm run peers\n');
});

test('the page and the picture show figure, spread, ratio and verdict, names escaped', () => {
  const rows = [
    { id: 'proxy-200', series: [series('nginx', [10, 12]), series('tandem', [40, 48])] },
  ];
  const documents = documentsFor(resultsOf(rows));
  const page = documents.get('docs/benchmarks.md')!;
  assert.match(page, /\| \*\*<tandem>\*\* \| 44\.0 \| 40\.0 to 48\.0 \| 4\.00 \| 90 % \|/);
  assert.match(page, /\| 1\.25 of <nginx> \| 4\.00 \| \*\*no\*\* \|/);
  const picture = documents.get('docs/benchmarks.svg')!;
  assert.match(picture, /&lt;tandem>/);
  assert.doesNotMatch(picture, /<tandem>|NaN|undefined/);
});

test('figures have three significant digits or so', () => {
  assert.deepEqual([0.9, 8.123, 23.15, 127.6].map(digits), ['0.90', '8.12', '23.1', '128']);
});

test('the written documents are those of the kept results', { skip: !existsSync(LATEST) }, () => {
  for (const [path, text] of documentsFor(readResults(LATEST))) {
    assert.equal(readFileSync(join(PROJECT, path), 'utf8'), text, `npm run bench -- --render`);
  }
});
