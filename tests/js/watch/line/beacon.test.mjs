// A viewer's playback report.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Beacon } from '../../../../web/js/watch/line/beacon.js';

test('a viewer plays when frames were shown since its last report, in any player', () => {
  const beacon = new Beacon();
  const stats = { frames: 30, behindLens: 150.4, stalls: 1, firstPicture: 99.6 };
  assert.deepEqual(beacon.read('mse', undefined), { player: 'mse', playing: false, stalls: 0 });
  assert.deepEqual(beacon.read('mse', stats), {
    player: 'mse',
    playing: true,
    stalls: 1,
    behind_lens: 150,
    first_picture: 100,
  });
  assert.equal(beacon.read('mse', stats).playing, false);
  assert.equal(beacon.read('webcodecs', { ...stats, frames: 3, behindLens: NaN }).playing, true);
  assert.equal('behind_lens' in beacon.read('webcodecs', { ...stats, behindLens: NaN }), false);
});
