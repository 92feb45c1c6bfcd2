// What the card of a poll shows.
import assert from 'node:assert/strict';
import test from 'node:test';
import { pollView, RESULT_FOR, shownFor } from '../../../web/js/polls/poll_state.js';

const poll = { id: 'a', question: '?', answers: ['x', 'y'], votes: [1, 2], open: true };

test('shares, the own answer, and the best of a closed poll', () => {
  const open = pollView(poll, 0);
  assert.equal(open.total, 3);
  assert.deepEqual(
    open.answers.map(({ percent, best, chosen }) => [percent, best, chosen]),
    [
      [33, false, true],
      [67, false, false],
    ],
  );
  assert.deepEqual(
    pollView({ ...poll, open: false }, null).answers.map(({ best }) => best),
    [false, true],
  );
  const three = pollView({ ...poll, answers: ['x', 'y', 'z'], votes: [1, 1, 1] }, null);
  assert.equal(
    three.answers.reduce((sum, { percent }) => sum + percent, 0),
    100,
  );
  const empty = pollView({ ...poll, votes: [0, 0], open: false }, null);
  assert.ok(empty.answers.every(({ percent, best }) => percent === 0 && !best));
});

test('an open poll stays, a closed one is shown for ten seconds', () => {
  assert.equal(shownFor(poll, 0, 1e9), Infinity);
  assert.equal(shownFor({ ...poll, open: false }, 1_000, 1_000), RESULT_FOR);
  assert.equal(shownFor({ ...poll, open: false }, 1_000, 11_000), 0);
  assert.equal(shownFor(null, 0, 0), 0);
});
