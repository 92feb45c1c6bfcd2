// What people wrote and tapped during a clip.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ClipTimeline } from '../../../web/js/clip/clip_timeline.js';

const S = 1_000_000;
const message = (second) => ({
  media_time: second * S,
  name: 'A',
  colour: 1,
  body: `at ${second}`,
});
const bodies = (timeline, second) => timeline.messagesAt(second * S).map(({ body }) => body);

test('a message is shown from its time on, for some seconds, the last four at most', () => {
  const timeline = new ClipTimeline({ messages: [15, 10, 11, 12, 13, 14].map(message) });
  assert.deepEqual(bodies(timeline, 9.9), []);
  assert.deepEqual(bodies(timeline, 11), ['at 10', 'at 11']);
  assert.deepEqual(bodies(timeline, 15), ['at 12', 'at 13', 'at 14', 'at 15']);
  assert.deepEqual(bodies(timeline, 26), ['at 15']);
  assert.deepEqual(bodies(timeline, 28), []);
});

test('the taps of a second appear once, when the video reaches the second', () => {
  const timeline = new ClipTimeline({
    hearts: [
      { second: 10, emoji: { heart: 3, fire: 1 } },
      { second: 12, emoji: { heart: 2 } },
    ],
  });
  assert.deepEqual(timeline.tapsBetween(9.8 * S, 10 * S), [
    ['heart', 3],
    ['fire', 1],
  ]);
  assert.deepEqual(timeline.tapsBetween(10 * S, 10.3 * S), []);
  assert.deepEqual(timeline.tapsBetween(11.8 * S, 12.1 * S), [['heart', 2]]);
  assert.equal(timeline.taps, 6);
});

test('a clip without chat and taps shows nothing', () => {
  const timeline = new ClipTimeline({});
  assert.deepEqual(
    [timeline.messagesAt(5), timeline.tapsBetween(0, 9e9), timeline.taps],
    [[], [], 0],
  );
});
