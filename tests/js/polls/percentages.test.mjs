// The shares of votes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { percentages } from '../../../web/js/polls/percentages.js';

for (const [votes, shares] of [
  [
    [0, 0],
    [0, 0],
  ],
  [
    [3, 1],
    [75, 25],
  ],
  [
    [1, 1, 1],
    [34, 33, 33],
  ],
  [
    [2, 1, 0, 4],
    [29, 14, 0, 57],
  ],
]) {
  test(`${votes} are ${shares} percent`, () => assert.deepEqual(percentages(votes), shares));
}
