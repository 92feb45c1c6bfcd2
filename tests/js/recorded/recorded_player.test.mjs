// What the players of clips and replays have in common.
import assert from 'node:assert/strict';
import test from 'node:test';
import { RecordedPlayer } from '../../../web/js/recorded/recorded_player.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';

globalThis.window = new EventTarget();

/** A player whose video is muted and paused; `refused`: the browser plays only after a tap. */
function made({ refused = false } = {}) {
  const page = fakePage();
  const video = Object.assign(page('video'), { muted: true, paused: true });
  const become = (paused) => {
    video.paused = paused;
    video.dispatchEvent(new Event(paused ? 'pause' : 'play'));
  };
  video.play = async () => {
    if (refused) throw new DOMException('tap first', 'NotAllowedError');
    become(false);
  };
  video.pause = () => become(true);
  const stage = {};
  page('stage').addEventListener = (type, handler) => void (stage[type] = handler);
  const tap = () => {
    stage.pointerdown({ button: 0, clientX: 9, clientY: 9, target: { closest: () => null } });
    stage.pointerup({ timeStamp: 50 });
  };
  const player = new RecordedPlayer((name) => name, fakeEnvironment(new FakeClock()));
  const shown = () => [
    page('sound').attributes['aria-label'],
    page('pause').attributes['aria-label'],
    page('unmute').hidden,
  ];
  return { page, player, shown, tap, video };
}

test('the first tap turns the sound on and plays; later taps pause and continue', async () => {
  const { shown, tap, video } = made();
  assert.deepEqual(shown(), ['sound_on', 'play', false]);
  tap();
  await settle();
  video.dispatchEvent(new Event('volumechange'));
  assert.deepEqual([video.muted, video.paused], [false, false]);
  assert.deepEqual(shown(), ['sound_off', 'pause', true]);
  tap();
  assert.deepEqual([video.muted, video.paused, shown()[1]], [false, true, 'play']);
  tap();
  assert.deepEqual([video.muted, video.paused], [false, false]);
});

test('the buttons do the same', () => {
  const { page, video } = made();
  page('unmute').click();
  assert.deepEqual([video.muted, video.paused], [false, false]);
  page('sound').click();
  page('pause').click();
  assert.deepEqual([video.muted, video.paused], [true, true]);
});

test('a browser that waits for a tap leaves the video paused', async () => {
  const { player, shown } = made({ refused: true });
  player.play();
  await settle();
  assert.equal(shown()[1], 'play');
});

test('a closed player is paused, and its buttons do nothing', () => {
  const { page, player, video } = made();
  player.play();
  player.close();
  assert.equal(video.paused, true);
  page('pause').click();
  page('sound').click();
  assert.deepEqual([video.muted, video.paused], [true, true]);
});
