// The messages of the visible moment of a clip or a replay.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { clipMessage } from '../../../web/js/clip/clip_message.js';
import { ClipTimeline } from '../../../web/js/clip/clip_timeline.js';
import { Moment } from '../../../web/js/recorded/moment.js';
import { replayMessage } from '../../../web/js/replay/replay_message.js';
import { ReplayTimeline } from '../../../web/js/replay/replay_timeline.js';
import { settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';

const S = 1_000_000;
globalThis.matchMedia = () => ({ matches: true });
globalThis.cancelAnimationFrame = () => {};

const said = (second, person, body) => ({
  ...{ media_time: second * S, sequence: second, person, name: 'Sam', colour: 1, handle: null },
  ...{ role: 'guest', body },
});
const MESSAGES = [said(101, 'a', 'first'), said(103, 'b', 'rude'), said(104, 'a', 'last')];

/** All texts of an element. */
const textOf = (node) =>
  typeof node === 'string' ? node : node.textContent + node.children.map(textOf).join('');

/** A moment of a video that begins at 100 s of media time. The reader hides the people `hidden`. */
function momentOf(timeline, rowOf, hidden = ['b']) {
  const page = fakePage();
  page('hearts').getContext = () => null;
  const video = Object.assign(new EventTarget(), { currentTime: 0, paused: false });
  const moment = new Moment({
    ...{ video, timeline, rowOf, origin: [0.5, 0.5] },
    mediaTime: (seconds) => (100 + seconds) * S,
    isHidden: (person) => hidden.includes(person),
  });
  const shown = () => page('chat').children.map(textOf);
  const shownAt = (seconds) => {
    video.currentTime = seconds;
    video.dispatchEvent(new Event('timeupdate'));
    return shown();
  };
  return { hidden, moment, shown, shownAt };
}

test('messages appear and go in time with the video, but not those of hidden people', () => {
  const timeline = new ClipTimeline({ messages: MESSAGES });
  const { moment, shown, shownAt } = momentOf(timeline, clipMessage);
  assert.deepEqual(shownAt(0), []);
  assert.deepEqual(shownAt(1), ['Sam first']);
  assert.deepEqual(shownAt(5), ['Sam first', 'Sam last']);
  assert.deepEqual(shownAt(14), ['Sam last']);
  assert.deepEqual(shownAt(1.5), ['Sam first'], 'the video has begun again');
  moment.close();
  shownAt(5);
  assert.deepEqual(shown(), []);
});

test('messages appear once they are loaded, and go when the reader hides their author', async () => {
  const load = async (from, to) => ({
    until: to,
    messages: MESSAGES.filter(({ media_time }) => media_time >= from && media_time < to),
    hearts: [],
  });
  const timeline = new ReplayTimeline(load, () => 0);
  const { hidden, moment, shown, shownAt } = momentOf(timeline, replayMessage, []);
  assert.deepEqual(shownAt(5), []);
  await settle();
  assert.deepEqual(shown(), ['SSam first', 'SSam rude', 'SSam last'], 'S: the picture');
  hidden.push('b');
  moment.show();
  assert.deepEqual(shown(), ['SSam first', 'SSam last']);
  moment.close();
});
