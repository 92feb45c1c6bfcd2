import assert from 'node:assert/strict';
import test from 'node:test';
import {
  MSE_EVENTS,
  MSE_STATES,
  MSE_TRANSITIONS,
  nextMseState,
} from '../../../../web/js/watch/mse/mse_state.js';

/** Written by hand, apart from the table: what must follow each event in each state. */
const EXPECTED = {
  opening: { opened: 'collecting', failed: 'broken', closed: 'closed' },
  collecting: { filled: 'starting', failed: 'broken', closed: 'closed' },
  starting: { shown: 'playing', failed: 'broken', closed: 'closed' },
  playing: { starved: 'dry', failed: 'broken', closed: 'closed' },
  dry: { fed: 'recovering', failed: 'broken', closed: 'closed' },
  recovering: { starved: 'dry', shown: 'playing', failed: 'broken', closed: 'closed' },
  broken: { closed: 'closed' },
  closed: {},
};

for (const state of MSE_STATES) {
  for (const event of MSE_EVENTS) {
    test(`${state} on ${event}`, () => {
      assert.equal(nextMseState(state, event), EXPECTED[state][event] ?? state);
    });
  }
}

test('the table names no other state and no other event', () => {
  assert.deepEqual(Object.keys(MSE_TRANSITIONS).sort(), [...MSE_STATES].sort());
  for (const row of Object.values(MSE_TRANSITIONS)) {
    for (const [event, next] of Object.entries(row)) {
      assert.ok(MSE_EVENTS.includes(event), event);
      assert.ok(MSE_STATES.includes(next), next);
    }
  }
});

test('every state can be closed, and none is left afterwards', () => {
  for (const state of MSE_STATES) assert.equal(nextMseState(state, 'closed'), 'closed');
  for (const event of MSE_EVENTS) assert.equal(nextMseState('closed', event), 'closed');
});
