import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clock } from './clock.ts';

test('a clock nobody refreshes is right when it is asked after a while', (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.UTC(1994, 10, 6, 8, 49, 37) });
  const clock = new Clock();
  assert.equal(clock.date, 'Sun, 06 Nov 1994 08:49:37 GMT');
  t.mock.timers.tick(60_000);
  assert.equal(clock.date, 'Sun, 06 Nov 1994 08:50:37 GMT');
  t.mock.timers.tick(100);
  t.mock.timers.tick(900);
  assert.equal(clock.date, 'Sun, 06 Nov 1994 08:50:38 GMT');
});

test('a system clock that is set back is followed', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 100_000_000 });
  const clock = new Clock();
  assert.equal(clock.date, 'Fri, 02 Jan 1970 03:46:40 GMT');
  t.mock.timers.setTime(50_000_000);
  clock.tick();
  assert.equal(clock.date, 'Thu, 01 Jan 1970 13:53:20 GMT');
});

test('monotonic time never goes backwards', () => {
  const clock = new Clock();
  let last = 0;
  for (let i = 0; i < 1000; i++) {
    clock.refresh();
    assert.ok(clock.monotonic >= last);
    last = clock.monotonic;
  }
});
