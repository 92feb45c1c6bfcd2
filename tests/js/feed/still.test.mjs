import assert from 'node:assert/strict';
import test from 'node:test';
import { stillOf } from '../../../web/js/feed/still.js';

const item = /** @type {any} */ ({ poster: '/large', preview: '/small' });

test('a viewer who saves data gets the small picture', () => {
  assert.equal(stillOf(item, {}), '/large');
  assert.equal(stillOf(item, { connection: { saveData: true } }), '/small');
  assert.equal(stillOf({ ...item, preview: null }, { connection: { saveData: true } }), null);
});
