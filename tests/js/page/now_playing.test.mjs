// What the lock screen shows about a page with one video.
import assert from 'node:assert/strict';
import test from 'node:test';
import { showNowPlaying } from '../../../web/js/page/now_playing.js';

class MediaMetadata {
  constructor(init) {
    Object.assign(this, init);
  }
}

test('the title and the poster of the video are shown', () => {
  const mediaSession = { metadata: null };
  showNowPlaying('Goal', '/clips/c1/1/poster.jpg', { navigator: { mediaSession }, MediaMetadata });
  assert.equal(mediaSession.metadata.title, 'Goal');
  assert.equal(mediaSession.metadata.artwork[0].src, '/clips/c1/1/poster.jpg');
  showNowPlaying('Goal', '', { navigator: { mediaSession }, MediaMetadata });
  assert.deepEqual(mediaSession.metadata.artwork, []);
});

test('a browser without Media Session shows nothing', () => {
  showNowPlaying('Goal', '', { navigator: {} });
});
