// The letter of a person's picture.
import assert from 'node:assert/strict';
import test from 'node:test';
import { initialOf } from '../../../web/js/people/avatar.js';

for (const [name, letter] of [
  ['민지', '민'],
  [' quiet otter', 'Q'],
  ['❤️ love', '❤️'],
  ['👩‍👩‍👧', '👩‍👩‍👧'],
  ['', ''],
]) {
  test(`${name} has the letter ${letter}`, () => assert.equal(initialOf(name), letter));
}
