// What people wrote and tapped, loaded in parts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PART, ReplayTimeline } from '../../../web/js/replay/replay_timeline.js';

const S = 1e6;

/** A message. */
const said = (seconds) => ({
  media_time: seconds * S,
  sequence: seconds,
  person: 'p',
  name: 'Sam',
  colour: 1,
  handle: null,
  role: 'guest',
  body: `at ${seconds}`,
});

/** A timeline with a message and a heart in each `every` seconds, and its requests. */
function loaded({ every = 10, fail = () => false, now = () => 0 } = {}) {
  const asked = [];
  const load = async (from, to) => {
    asked.push([from / S, to / S]);
    if (fail()) throw new Error('busy');
    const seconds = [];
    for (let s = Math.ceil(from / S); s * S < to; s++) if (s % every === 0) seconds.push(s);
    return {
      until: to,
      messages: seconds.map(said),
      hearts: seconds.map((second) => ({ second, emoji: { heart: 2 } })),
    };
  };
  return { asked, timeline: new ReplayTimeline(load, now) };
}

test('loads the parts around a moment once', async () => {
  const { asked, timeline } = loaded();
  assert.equal(await timeline.prepare(65 * S), true);
  assert.equal(await timeline.prepare(70 * S), false);
  assert.deepEqual(asked, [
    [60, 120],
    [0, 60],
  ]);
  await timeline.prepare(100 * S);
  assert.deepEqual(asked.slice(2), [[120, 180]], 'the next part is loaded in advance');
});

test('shows the messages of the last minute', async () => {
  const { timeline } = loaded();
  await timeline.prepare(65 * S);
  const shown = timeline.messagesAt(65 * S).map(({ sequence }) => sequence);
  assert.deepEqual(shown, [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(timeline.messagesAt(900 * S), []);
});

test('returns the taps between two moments', async () => {
  const { timeline } = loaded();
  await timeline.prepare(65 * S);
  assert.deepEqual(timeline.tapsBetween(49 * S, 61 * S), [
    ['heart', 2],
    ['heart', 2],
  ]);
  assert.deepEqual(timeline.tapsBetween(60 * S, 69 * S), []);
});

test('a failed request is repeated later', async () => {
  let [busy, time] = [true, 0];
  const { asked, timeline } = loaded({ fail: () => busy, now: () => time });
  assert.equal(await timeline.prepare(5 * S), false);
  busy = false;
  assert.equal(await timeline.prepare(5 * S), false);
  assert.equal(asked.length, 1);
  time = 10_000;
  assert.equal(await timeline.prepare(5 * S), true);
  assert.equal(timeline.messagesAt(15 * S).length, 2);
});

test('keeps a bounded number of parts', async () => {
  const { asked, timeline } = loaded();
  for (let part = 0; part < 20; part++) await timeline.prepare(part * PART + S);
  const before = asked.length;
  await timeline.prepare(19 * PART + 2 * S);
  assert.equal(asked.length, before, 'the newest parts are kept');
  await timeline.prepare(S);
  assert.equal(asked.length, before + 1, 'the oldest part is loaded again');
});
