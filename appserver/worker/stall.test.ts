import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STAGE_ENDED, STAGE_SERVING, STAGE_STARTUP, Ticks, ticksBytes } from './heartbeat.ts';
import { lookIntervalMs, StallDetector } from './stall.ts';

const PATIENCE = { silenceMs: 2000, bootMs: 5000 };

function watching(threads: number) {
  const ticks = new Ticks(new SharedArrayBuffer(ticksBytes(threads)));
  return { ticks, detector: new StallDetector(ticks, PATIENCE) };
}

/** The looks, from 1, at which a thread was found, and which. */
function findings(detector: StallDetector, looks: number): [number, number][] {
  const found: [number, number][] = [];
  for (let look = 1; look <= looks; look += 1) {
    const index = detector.look();
    if (index !== -1) found.push([look, index]);
  }
  return found;
}

test('looks are four in a timeout, and one a second at least', () => {
  assert.equal(lookIntervalMs({ silenceMs: 1000, bootMs: 0 }), 250);
  assert.equal(lookIntervalMs({ silenceMs: 30_000, bootMs: 0 }), 1000);
});

test('a thread that serves and does not tick for longer than timeout is found once', () => {
  const { ticks, detector } = watching(2);
  ticks.enter(0, STAGE_ENDED);
  ticks.enter(1, STAGE_SERVING);
  assert.deepEqual(findings(detector, 20), [[5, 1]]);
});

test('a thread that ticks is not found, and one that has ended is not looked at', () => {
  const { ticks, detector } = watching(2);
  ticks.enter(0, STAGE_SERVING);
  ticks.enter(1, STAGE_ENDED);
  for (let round = 0; round < 10; round += 1) {
    assert.deepEqual(findings(detector, 4), []);
    ticks.tick(0);
  }
});

test('a thread that boots has as long as a boot may take, whether its event loop turns or not', () => {
  for (const turns of [true, false]) {
    const { ticks, detector } = watching(1);
    ticks.enter(0, STAGE_STARTUP);
    assert.deepEqual(findings(detector, 10), []);
    if (turns) ticks.tick(0);
    assert.equal(detector.look(), 0);
    assert.equal(detector.isTurning(0), turns);
    assert.deepEqual(findings(detector, 30), []);
  }
});

test('the time of the boot does not count against a thread that serves', () => {
  const { ticks, detector } = watching(1);
  findings(detector, 9);
  ticks.enter(0, STAGE_SERVING);
  ticks.tick(0);
  assert.deepEqual(findings(detector, 20), [[6, 0]]);
});
