// A handle made of a name.
import assert from 'node:assert/strict';
import test from 'node:test';
import { suggestedHandle } from '../../../web/js/people/suggested_handle.js';

for (const [name, handle] of [
  ['Quiet Otter', 'Quiet_Otter'],
  ['Dark#27', 'Dark27'],
  ['다크걸', '다크걸'],
  [' عمر ', 'عمر'],
  ['Sea 🌊 & ❤️', 'Sea_🌊__❤️'],
  ['👩‍👩‍👧'.repeat(30), '👩‍👩‍👧'.repeat(24)],
]) {
  test(`${name} → ${handle}`, () => assert.equal(suggestedHandle(name), handle));
}
