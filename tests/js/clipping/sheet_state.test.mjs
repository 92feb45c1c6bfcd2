// The states of the clip sheet.
import assert from 'node:assert/strict';
import test from 'node:test';
import { nextSheetState } from '../../../web/js/clipping/sheet_state.js';

const after = (...events) =>
  events.reduce((state, event) => nextSheetState(state, event) ?? state, 'closed');

test('a tap makes a draft, and a choice makes a clip', () => {
  assert.equal(after('tap'), 'making');
  assert.equal(after('tap', 'made'), 'editing');
  assert.equal(after('tap', 'made', 'done'), 'saving');
  assert.equal(after('tap', 'made', 'done', 'saved'), 'saved');
  assert.equal(after('tap', 'made', 'done', 'saved', 'close'), 'closed');
});

test('after a refusal the viewer can try again, with the same choice or a new tap', () => {
  assert.equal(after('tap', 'refused'), 'failed');
  assert.equal(after('tap', 'refused', 'tap'), 'making');
  assert.equal(after('tap', 'made', 'done', 'refused'), 'editing');
});

test('the sheet can be closed at any time, and a second tap changes nothing', () => {
  for (const events of [['tap'], ['tap', 'made'], ['tap', 'made', 'done'], ['tap', 'refused']])
    assert.equal(after(...events, 'close'), 'closed');
  assert.equal(nextSheetState('making', 'tap'), null);
  assert.equal(nextSheetState('editing', 'tap'), null);
  assert.equal(nextSheetState('closed', 'close'), null);
});

test('an answer that arrives after the end of its state changes nothing', () => {
  assert.equal(nextSheetState('closed', 'made'), null);
  assert.equal(nextSheetState('closed', 'saved'), null);
  assert.equal(nextSheetState('editing', 'saved'), null);
});
