import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerClock } from '../../../../web/js/watch/line/server_clock.js';

test('the exchange with the shortest round trip sets the clock', () => {
  const clock = new ServerClock();
  clock.add(0, 100, 1_000_000);
  clock.add(200, 210, 1_300_000);
  assert.equal(clock.at(205), 1_300_000);
  assert.equal(clock.error, 5_000);
});
