import assert from 'node:assert/strict';
import test from 'node:test';
import { Pauses } from '../../../../web/js/watch/timing/pauses.js';

test('a pause of the creator explains a dry spell, a lost frame does not', () => {
  const pauses = new Pauses();
  for (const [sequence, media] of [
    [1, 0],
    [2, 33],
    [3, 66],
    [4, 500],
    [5, 533],
    [7, 1_200],
    [8, 1_233],
  ])
    pauses.add(sequence, media);
  assert.equal(pauses.explain(66), true);
  assert.equal(pauses.explain(20), true, 'audio ended a little earlier');
  assert.equal(pauses.explain(500), false);
  assert.equal(pauses.explain(533), false, 'a frame is missing');
  assert.equal(pauses.explain(1_233), false);
});
