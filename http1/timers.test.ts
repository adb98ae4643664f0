import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimeSource } from './clock.ts';
import { Timeout, Timers } from './timers.ts';

class FakeTime implements TimeSource {
  now = 0;
  monotonic = 0;
  date = '';
  refresh(): void {}
}

class Noted extends Timeout {
  readonly name: string;
  readonly log: string[];
  again: (() => void) | undefined = undefined;

  constructor(name: string, log: string[]) {
    super();
    this.name = name;
    this.log = log;
  }

  timedOut(): void {
    this.log.push(this.name);
    this.again?.();
  }
}

function setUp() {
  const time = new FakeTime();
  const timers = new Timers(time);
  const log: string[] = [];
  const at = (ms: number) => {
    time.monotonic = ms;
    timers.tick();
    return log.splice(0).join(' ');
  };
  return { timers, log, at, time };
}

test('timeouts come when they are due, never before', () => {
  const { timers, log, at } = setUp();
  timers.arm(new Noted('a', log), 100);
  timers.arm(new Noted('b', log), 50);
  assert.equal(at(49), '');
  assert.equal(at(50), 'b');
  assert.equal(at(99), '');
  assert.equal(at(100), 'a');
  assert.equal(at(1000), '');
});

test('arming again moves a timeout, also to another duration', () => {
  const { timers, log, at, time } = setUp();
  const a = new Noted('a', log);
  const b = new Noted('b', log);
  timers.arm(a, 100);
  timers.arm(b, 100);
  time.monotonic = 60;
  timers.arm(a, 100);
  assert.equal(at(100), 'b');
  assert.equal(at(160), 'a');
  timers.arm(a, 100);
  timers.arm(a, 10);
  assert.equal(at(170), 'a');
  assert.equal(at(400), '');
});

test('a disarmed timeout never comes, wherever it stood', () => {
  const { timers, log, at } = setUp();
  const all = ['a', 'b', 'c', 'd'].map((name) => new Noted(name, log));
  for (const timeout of all) timers.arm(timeout, 10);
  timers.disarm(all[0]!);
  timers.disarm(all[2]!);
  timers.disarm(all[2]!);
  timers.disarm(all[3]!);
  assert.equal(at(10), 'b');
});

test('a timeout may arm itself and disarm others while it is called', () => {
  const { timers, log, at } = setUp();
  const a = new Noted('a', log);
  const b = new Noted('b', log);
  a.again = () => {
    timers.disarm(b);
    timers.arm(a, 10);
  };
  timers.arm(a, 10);
  timers.arm(b, 10);
  assert.equal(at(10), 'a');
  assert.equal(at(20), 'a');
});

test('the real clock calls too', async () => {
  const { threadTimers } = await import('./timers.ts');
  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    class Once extends Timeout {
      timedOut(): void {
        resolve();
      }
    }
    threadTimers.arm(new Once(), 30);
    // Timers do not keep the process alive; this one does while the test waits.
    setTimeout(resolve, 5000).unref();
    setTimeout(() => {}, 200);
  });
  const took = performance.now() - startedAt;
  assert.ok(took >= 29 && took < 4000, `${took} ms`);
});
