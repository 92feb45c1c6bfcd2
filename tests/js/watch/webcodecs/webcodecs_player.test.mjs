// The page's part of a WebCodecs player: how the video element rests on standby.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../../fixtures/browser.mjs';
import { WebCodecsPlayer } from '../../../../web/js/watch/webcodecs/webcodecs_player.js';
import { FakeClock, fakeEnvironment } from '../../fixtures/fake_clock.mjs';

class FakeVideo extends EventTarget {
  paused = true;
  srcObject = null;
  frame = () => {};

  async play() {
    this.paused = false;
  }

  pause() {
    this.paused = true;
  }

  requestVideoFrameCallback(shown) {
    this.frame = shown;
  }
}

/** A player on standby that shows its first keyframe. */
function held(context) {
  globalThis.HTMLVideoElement = FakeVideo;
  context.after(() => delete globalThis.HTMLVideoElement);
  const clock = new FakeClock();
  const video = new FakeVideo();
  const sent = [];
  const port = { postMessage: ([verb]) => void sent.push(verb) };
  const events = { picture: () => {}, moving: () => {}, sized: () => {}, broken: () => {} };
  const backend = { element: video, stream: {}, port, worker: null, failed: '' };
  const player = new WebCodecsPlayer(backend, {}, events, () => {}, fakeEnvironment(clock));
  const tell = (verb) => port.onmessage({ data: [verb] });
  player.standby = true;
  tell('picture');
  video.dispatchEvent(new Event('loadeddata'));
  return { clock, player, video, sent, tell };
}

test('on standby, the element plays only until it has shown the newest keyframe', (context) => {
  const { player, video, sent, tell } = held(context);
  video.frame();
  assert.equal(video.paused, true);
  sent.length = 0;
  tell('still');
  assert.deepEqual([video.paused, sent], [false, ['repeat']]);
  video.frame();
  assert.equal(video.paused, true);
  tell('still');
  player.standby = false;
  video.frame();
  assert.equal(video.paused, false);
});

test('an element that reports no frame rests all the same', async (context) => {
  const { clock, video } = held(context);
  assert.equal(video.paused, false);
  await clock.advance(300);
  assert.equal(video.paused, true);
});
