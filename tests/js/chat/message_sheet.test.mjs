// What the sheet of a message offers.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { actionsFor } from '../../../web/js/chat/message_sheet.js';

const entry = (more = {}, role = 'guest') => ({
  key: 'n1',
  message: { n: 1, person: { id: 'p', role } },
  state: 'shown',
  mine: false,
  removed: false,
  ...more,
});
const guest = { moderates: false, creates: false, pinned: null };
const moderator = { ...guest, moderates: true };
const creator = { ...moderator, creates: true };

test('readers reply, copy, hide and report; own messages can be removed', () => {
  assert.deepEqual(actionsFor(entry(), guest), ['reply', 'copy', 'hide', 'report']);
  assert.deepEqual(actionsFor(entry({ mine: true }), guest), ['reply', 'copy', 'remove']);
  assert.deepEqual(actionsFor(entry({ mine: true, state: 'failed' }), guest), ['copy', 'remove']);
});

test('moderators also remove, mute, ban and pin, but not the creator', () => {
  const actions = actionsFor(entry(), moderator);
  for (const action of ['remove', 'mute_minute', 'mute_ten', 'ban_live', 'ban_good', 'pin'])
    assert.ok(actions.includes(action), action);
  assert.ok(!actions.includes('moderator'));
  const ofCreator = actionsFor(entry({}, 'creator'), moderator);
  assert.ok(!ofCreator.includes('ban_live') && !ofCreator.includes('mute_ten'));
});

test('the creator makes moderators and can ban them', () => {
  assert.ok(actionsFor(entry(), creator).includes('moderator'));
  assert.ok(actionsFor(entry({}, 'moderator'), creator).includes('ban_live'));
  assert.ok(actionsFor(entry(), { ...creator, pinned: 1 }).includes('unpin'));
});
