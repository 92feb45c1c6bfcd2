// One push of a wheel or a touch pad is one step.
import assert from 'node:assert/strict';
import test from 'node:test';
import { WheelSteps } from '../../../web/js/feed/wheel_steps.js';

/** The sum of the steps of these events, [ms, px] each. */
const steps = (events) => {
  const wheel = new WheelSteps();
  return events.map(([now, delta]) => wheel.add(delta, now)).filter(Boolean);
};

test('each turn of a mouse wheel is one step', () => {
  assert.deepEqual(
    steps([
      [0, 120],
      [400, 120],
      [900, -120],
    ]),
    [1, 1, -1],
  );
});

test('the inertia of a touch pad adds no step', () => {
  const push = Array.from({ length: 60 }, (_, n) => [n * 16, 60 * 0.94 ** n]);
  assert.deepEqual(steps(push), [1]);
});

test('a second push during the inertia of the first is a step', () => {
  const push = (from) => Array.from({ length: 30 }, (_, n) => [from + n * 16, 70 * 0.88 ** n]);
  assert.deepEqual(steps([...push(0), ...push(480)]), [1, 1]);
});

test('the other direction is a step at once', () => {
  assert.deepEqual(
    steps([
      [0, 40],
      [50, -40],
    ]),
    [1, -1],
  );
});

test('a touch of the pad is no step', () => {
  assert.deepEqual(
    steps([
      [0, 3],
      [16, 2],
      [400, 4],
    ]),
    [],
  );
});
