import assert from 'node:assert/strict';
import test from 'node:test';
import { BurstPhase } from '../../../../web/js/watch/mse/burst_phase.js';

const NOW = 10_000_000;

test('the burst ends with a record published just before the hello', () => {
  const burst = new BurstPhase();
  burst.begin(NOW, false);
  burst.receive(NOW - 61_000);
  assert.equal(burst.arriving, true);
  burst.receive(NOW - 60_000);
  assert.equal(burst.arriving, false);
  assert.equal(burst.takeLanded(), false, 'a first connection has no earlier position to check');
});

test('after a reconnection the landing is taken once', () => {
  const burst = new BurstPhase();
  burst.begin(NOW, false);
  burst.receive(NOW);
  burst.begin(NOW + 5_000_000, true);
  assert.equal(burst.arriving, true);
  assert.equal(burst.takeLanded(), false, 'the burst is still arriving');
  burst.receive(NOW + 5_000_000);
  assert.equal(burst.arriving, false);
  assert.equal(burst.takeLanded(), true);
  assert.equal(burst.takeLanded(), false);
});

test('records of the live stream change nothing', () => {
  const burst = new BurstPhase();
  burst.begin(NOW, true);
  burst.receive(NOW);
  burst.receive(NOW + 33_000);
  assert.equal(burst.takeLanded(), true);
});
