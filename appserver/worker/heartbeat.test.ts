import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HEARTBEAT,
  Heartbeat,
  LAST_HEARTBEAT,
  STAGE_ENDED,
  STAGE_LOADING,
  STAGE_SERVING,
  STAGE_STARTUP,
  Ticks,
  ticksBytes,
} from './heartbeat.ts';

test('a thread beats from the moment it accepts, in its own place, and says its last word', () => {
  const ticks = new Ticks(new SharedArrayBuffer(ticksBytes(2)));
  const sent: unknown[] = [];
  const heartbeat = new Heartbeat(ticks, 1, 30, (message) => sent.push(message));
  assert.equal(ticks.stageOf(1), STAGE_LOADING);
  heartbeat.start();
  heartbeat.enterStartup();
  assert.equal(ticks.stageOf(1), STAGE_STARTUP);
  assert.equal(ticks.countOf(1), 0);
  heartbeat.enterServing();
  assert.deepEqual([ticks.stageOf(1), ticks.countOf(1)], [STAGE_SERVING, 1]);
  heartbeat.stop();
  assert.equal(ticks.stageOf(1), STAGE_ENDED);
  assert.deepEqual([ticks.stageOf(0), ticks.countOf(0)], [STAGE_LOADING, 0]);
  assert.deepEqual(sent, [HEARTBEAT, LAST_HEARTBEAT]);
});

test('timeout 0 sends nothing', () => {
  const ticks = new Ticks(new SharedArrayBuffer(ticksBytes(1)));
  const sent: unknown[] = [];
  const heartbeat = new Heartbeat(ticks, 0, 0, (message) => sent.push(message));
  heartbeat.start();
  heartbeat.enterServing();
  heartbeat.stop();
  assert.deepEqual(sent, []);
});
