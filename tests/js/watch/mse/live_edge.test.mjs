import assert from 'node:assert/strict';
import test from 'node:test';
import { LiveEdge, START_LAG } from '../../../../web/js/watch/mse/live_edge.js';

const near = { now: 0, position: 850, edge: 1_000, newest: 1_000, jitter: 20, silent: false };

test('at the target nothing changes', () => {
  assert.deepEqual(new LiveEdge({ fractionalRates: true }).decide(near), { rate: 1, seek: null });
});

test('small differences change the rate within inaudible bounds', () => {
  const edge = new LiveEdge({ fractionalRates: true });
  const { rate, seek } = edge.decide({ ...near, now: 1_000, position: 600 });
  assert.equal(seek, null);
  assert.ok(rate > 1 && rate <= 1.06);
  assert.ok(edge.decide({ ...near, now: 2_000, position: 950 }).rate >= 0.96);
  assert.equal(edge.decide({ ...near, now: 3_000 }).rate, 1);
});

test('large differences are one seek, and WebKit keeps its rate', () => {
  const edge = new LiveEdge({ fractionalRates: false });
  assert.deepEqual(edge.decide({ ...near, position: 500 }), { rate: 1, seek: null });
  assert.equal(edge.decide({ ...near, now: 100, position: -1_000 }).seek, 1_000 - START_LAG);
  assert.equal(edge.decide({ ...near, now: 200, position: -1_000 }).seek, null);
});

test('WebKit seeks when the distance stays too large, and less often if that does not help', () => {
  const edge = new LiveEdge({ fractionalRates: false });
  const at = (now, error) => {
    const position = now - edge.target - error;
    return edge.decide({ ...near, now, edge: now, newest: now, position }).seek;
  };
  assert.equal(at(10_000, 100), null);
  assert.equal(at(11_000, 500), null);
  assert.equal(at(12_900, 500), null);
  assert.equal(at(13_000, 500), 13_000 - START_LAG);
  assert.equal(at(14_000, 400), null);
  assert.equal(at(22_900, 400), null);
  assert.equal(at(23_000, 400), 23_000 - START_LAG, 'after twice the time');
  assert.equal(at(24_000, 50), null);
  assert.equal(at(26_000, 400), null);
  assert.equal(at(28_000, 400), 28_000 - START_LAG, 'the last seek has helped');
});

test('an element that resumes far behind seeks to the live edge at once', () => {
  const edge = new LiveEdge({ fractionalRates: true });
  assert.equal(edge.resume(0, 500, 1_000), null); // not after a dry spell
  edge.starve(1_000);
  assert.equal(edge.resume(1_300, 1_500, 2_000), 2_000 - START_LAG);
  assert.equal(edge.starving, false);
  assert.equal(edge.resume(1_310, 1_800, 2_000), null); // after the seek itself
  edge.starve(60_000);
  assert.equal(edge.resume(60_030, 60_000 - START_LAG, 60_000), null);
  const brisk = edge.decide({
    ...near,
    now: 60_300,
    position: 60_000,
    edge: 60_260,
    newest: 60_260,
  });
  assert.ok(brisk.rate > 1.06 && brisk.seek === null, 'a small distance raises the rate');
});

test('a dry spell ends with one seek; only repeated short ones move the target back', () => {
  const edge = new LiveEdge({ fractionalRates: true });
  edge.starve(0);
  assert.equal(edge.decide({ ...near, now: 10, position: 990 }).seek, null);
  assert.equal(
    edge.decide({ ...near, now: 300, position: 990, newest: 1_300 }).seek,
    1_300 - START_LAG,
  );
  edge.decide({ ...near, now: 310 });
  const before = edge.target;
  edge.starve(10_000);
  edge.decide({ ...near, now: 10_190, position: 990 });
  edge.recover(10_200);
  edge.decide({ ...near, now: 10_200 });
  const after = edge.target;
  assert.ok(after > before + 50);
  edge.starve(10_400);
  edge.recover(19_000);
  edge.decide({ ...near, now: 19_000 });
  assert.ok(edge.target <= after);
  edge.starve(60_000);
  edge.recover(60_300);
  edge.decide({ ...near, now: 60_300 });
  assert.equal(edge.target, before);
});
