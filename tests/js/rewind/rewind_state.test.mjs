// The states of an instant replay.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  REWIND_EVENTS,
  REWIND_STATES,
  REWIND_TRANSITIONS,
  nextRewindState,
  standsStill,
} from '../../../web/js/rewind/rewind_state.js';

const after = (...events) => events.reduce(nextRewindState, 'live');

test('the table names every state and only known events', () => {
  assert.deepEqual(Object.keys(REWIND_TRANSITIONS), [...REWIND_STATES]);
  for (const row of Object.values(REWIND_TRANSITIONS))
    for (const [event, state] of Object.entries(row)) {
      assert.ok(REWIND_EVENTS.includes(event));
      assert.ok(REWIND_STATES.includes(state));
    }
});

test('a jump loads, plays, waits for media and goes on', () => {
  assert.equal(after('jump'), 'seeking');
  assert.equal(after('jump', 'shown'), 'playing');
  assert.equal(after('jump', 'shown', 'starved'), 'seeking');
  assert.equal(after('jump', 'shown', 'starved', 'shown'), 'playing');
  assert.equal(after('jump', 'shown', 'jump'), 'seeking');
});

test('a pause of the live is a paused replay', () => {
  assert.equal(after('pause'), 'holding');
  assert.equal(after('pause', 'shown'), 'paused');
  assert.equal(after('pause', 'shown', 'resume'), 'playing');
  assert.equal(after('pause', 'resume', 'shown'), 'playing');
  assert.deepEqual(['holding', 'paused'].map(standsStill), [true, true]);
  assert.deepEqual(['live', 'seeking', 'playing'].map(standsStill), [false, false, false]);
});

test('a jump while paused stays paused', () => {
  assert.equal(after('jump', 'pause', 'shown', 'jump', 'shown'), 'paused');
});

test('the live is one step away from every state', () => {
  for (const state of REWIND_STATES) assert.equal(nextRewindState(state, 'leave'), 'live');
});

test('at the live, events of the replay have no effect', () => {
  for (const event of ['shown', 'starved', 'resume', 'leave'])
    assert.equal(nextRewindState('live', event), 'live');
});
