// A video whose source changes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { keepPlaying } from '../../../web/js/replay/keep_playing.js';

/** As much of a video as the load algorithm of HTML needs; `refused`: it plays only after a tap. */
class FakeVideo {
  paused = true;
  refused = false;
  #waiting = [];

  play() {
    if (this.refused) return Promise.reject(new DOMException('tap first', 'NotAllowedError'));
    this.paused = false;
    return new Promise((_, reject) => this.#waiting.push(reject));
  }

  load() {
    this.paused = true;
    for (const reject of this.#waiting.splice(0))
      reject(new DOMException('interrupted by a new load request', 'AbortError'));
  }
}

test('a tap on play just before the source is attached plays afterwards', async () => {
  const video = new FakeVideo();
  const tapped = video.play();
  keepPlaying(video, () => video.load());
  await assert.rejects(tapped, { name: 'AbortError' });
  assert.equal(video.paused, false);
});

test('a paused video stays paused', () => {
  const video = new FakeVideo();
  keepPlaying(video, () => video.load());
  assert.equal(video.paused, true);
});

test('a browser that waits for a tap leaves the video paused', async () => {
  const video = new FakeVideo();
  video.play().catch(() => {});
  video.refused = true;
  keepPlaying(video, () => video.load());
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(video.paused, true);
});
