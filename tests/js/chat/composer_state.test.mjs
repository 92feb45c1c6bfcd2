// Whether the reader may write, and why not.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ComposerState, measure } from '../../../web/js/chat/composer_state.js';

test('a refusal counts down and then the field is open again', () => {
  const state = new ComposerState();
  state.refused('rate_limited', 3, 1_000);
  assert.deepEqual(state.read(1_100), { phase: 'waiting', seconds: 3, why: 'rate_limited' });
  assert.deepEqual(state.read(3_900), { phase: 'waiting', seconds: 1, why: 'rate_limited' });
  assert.equal(state.read(4_000).phase, 'open');
});

test('a refusal that waiting does not help leaves the field open', () => {
  const state = new ComposerState();
  state.refused('bad_message', 0, 0);
  assert.equal(state.read(0).phase, 'open');
});

test('slow mode waits after each own message, except for moderators', () => {
  const state = new ComposerState();
  state.settings = { slow: 10 };
  state.accepted(0);
  assert.deepEqual(state.read(0), { phase: 'waiting', seconds: 10, why: 'slow_mode' });
  const moderator = new ComposerState();
  moderator.settings = { slow: 10 };
  moderator.moderates = true;
  moderator.accepted(0);
  assert.equal(moderator.read(0).phase, 'open');
});

test('settings shut the field for those whom they exclude', () => {
  const cases = [
    [{ chat: false }, {}, 'off'],
    [{ chat: false }, { moderates: true }, 'open'],
    [{ followers_only: true }, {}, 'followers'],
    [{ followers_only: true }, { follows: true }, 'open'],
  ];
  for (const [settings, more, phase] of cases) {
    const state = Object.assign(new ComposerState(), { settings, ...more });
    assert.equal(state.read(0).phase, phase);
  }
});

test('a banned reader cannot write any more', () => {
  const state = new ComposerState();
  state.refused('banned', 0, 0);
  assert.equal(state.read(1e9).phase, 'banned');
});

test('length counts what people see as one character, and bytes', () => {
  assert.deepEqual(measure('  hello '), { fits: true, left: null });
  assert.deepEqual(measure('가'.normalize('NFD').repeat(300)), { fits: true, left: 0 });
  assert.deepEqual(measure('a'.repeat(301)), { fits: false, left: -1 });
  assert.equal(measure('👩‍👩‍👧'.repeat(60)).fits, true);
  assert.deepEqual(measure('👩‍👩‍👧'.repeat(100)), { fits: false, left: -1 });
});
