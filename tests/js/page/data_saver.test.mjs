import assert from 'node:assert/strict';
import test from 'node:test';
import { savesData } from '../../../web/js/page/data_saver.js';

test('a viewer saves data if the browser says so, or if the connection is metered', () => {
  assert.equal(savesData({}), false);
  assert.equal(savesData({ connection: { saveData: false, type: 'wifi' } }), false);
  assert.equal(savesData({ connection: {} }), false);
  assert.equal(savesData({ connection: { saveData: true, type: 'wifi' } }), true);
  assert.equal(savesData({ connection: { saveData: false, type: 'cellular' } }), true);
});
