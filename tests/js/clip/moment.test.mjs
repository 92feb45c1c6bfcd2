// The messages of a clip, in time with its video.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { ClipTimeline } from '../../../web/js/clip/clip_timeline.js';
import { Moment } from '../../../web/js/clip/moment.js';
import { fakePage } from '../fixtures/fake_page.mjs';

const S = 1_000_000;
globalThis.matchMedia = () => ({ matches: true });
globalThis.cancelAnimationFrame = () => {};

const said = (second, person, body) => ({
  ...{ media_time: second * S, sequence: second, person, name: 'Sam', colour: 1, handle: null },
  ...{ role: 'guest', body },
});

/** All texts of an element. */
const textOf = (node) =>
  typeof node === 'string' ? node : node.textContent + node.children.map(textOf).join('');

test('messages appear and go in time with the video, but not those of hidden people', () => {
  const page = fakePage();
  page('hearts').getContext = () => null;
  const video = Object.assign(new EventTarget(), { currentTime: 0, paused: false });
  const messages = [said(101, 'a', 'first'), said(103, 'b', 'rude'), said(104, 'a', 'last')];
  const timeline = new ClipTimeline({ messages });
  const moment = new Moment(video, timeline, 100 * S, (person) => person === 'b');
  const shownAt = (seconds) => {
    video.currentTime = seconds;
    video.dispatchEvent(new Event('timeupdate'));
    return page('chat').children.map(textOf);
  };
  assert.deepEqual(shownAt(0), []);
  assert.deepEqual(shownAt(1), ['Sam first']);
  assert.deepEqual(shownAt(5), ['Sam first', 'Sam last']);
  assert.deepEqual(shownAt(14), ['Sam last']);
  assert.deepEqual(shownAt(1.5), ['Sam first'], 'the video has begun again');
  moment.close();
  assert.deepEqual([page('chat').children, shownAt(1)], [[], []]);
});
