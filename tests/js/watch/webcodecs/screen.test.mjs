import assert from 'node:assert/strict';
import test from 'node:test';
import { screenOn } from '../../../../web/js/watch/webcodecs/screen.js';
import { settle } from '../../fixtures/fake_clock.mjs';

/** A frame that counts how often it is closed, and remembers its copies. */
const frameOf = (displayWidth, displayHeight) => ({
  displayWidth,
  displayHeight,
  closed: 0,
  copies: [],
  close() {
    this.closed++;
  },
  clone() {
    this.copies.push(frameOf(displayWidth, displayHeight));
    return this.copies.at(-1);
  },
});

test('a canvas gets the size of each frame, and the frame is closed', () => {
  const drawn = [];
  const canvas = {
    width: 0,
    height: 0,
    getContext: () => ({ drawImage: (frame, ...place) => drawn.push(place) }),
  };
  const screen = screenOn(canvas);
  const frames = [frameOf(4, 2), frameOf(2, 4)];
  frames.forEach((frame) => screen.show(frame));
  assert.deepEqual(drawn, [
    [0, 0, 4, 2],
    [0, 0, 2, 4],
  ]);
  assert.deepEqual([canvas.width, canvas.height], [2, 4]);
  assert.deepEqual(
    frames.map(({ closed }) => closed),
    [1, 1],
  );
});

test('a track gets the frames, and only a few wait for it', async () => {
  const taken = [];
  let take = () => {};
  const stream = new WritableStream({
    write: (frame) => new Promise((resolve) => (take = () => resolve(taken.push(frame)))),
  });
  const screen = screenOn(stream);
  const frames = Array.from({ length: 5 }, () => frameOf(4, 2));
  frames.forEach((frame) => screen.show(frame));
  assert.deepEqual(
    frames.map(({ closed }) => closed),
    [0, 0, 0, 1, 1],
    'the track closes the frames that it takes',
  );
  for (let n = 0; n < 3; n++) {
    await settle();
    take();
  }
  await settle();
  const next = frameOf(4, 2);
  screen.show(next);
  await settle();
  take();
  await settle();
  assert.deepEqual(taken, [...frames.slice(0, 3), next]);
});

test('an element that joins late gets the last frame again', async () => {
  const taken = [];
  const screen = screenOn(new WritableStream({ write: (frame) => void taken.push(frame) }));
  const frames = [frameOf(4, 2), frameOf(4, 2)];
  for (const frame of frames) {
    screen.show(frame);
    await settle();
  }
  screen.repeat();
  await settle();
  const [[first], [last]] = frames.map(({ copies }) => copies);
  assert.deepEqual(taken, [...frames, last]);
  assert.deepEqual([first.closed, last.closed], [1, 0]);
  const next = frameOf(4, 2);
  screen.show(next);
  await settle();
  assert.deepEqual([taken.at(-1), next.copies], [next, []]);
});

test('a frame that the track refuses is closed', async () => {
  const screen = screenOn(
    new WritableStream({
      write: () => Promise.reject(new Error('the track has ended')),
    }),
  );
  const frames = [frameOf(4, 2), frameOf(4, 2)];
  frames.forEach((frame) => screen.show(frame));
  await settle();
  screen.close();
  await settle();
  assert.deepEqual(
    frames.map(({ closed }) => closed),
    [1, 1],
  );
});

test('a paused element gets the last frame each time that it plays', async () => {
  const taken = [];
  const screen = screenOn(new WritableStream({ write: (frame) => void taken.push(frame) }));
  screen.repeat();
  screen.resting = true;
  const [still, next, live] = [frameOf(4, 2), frameOf(4, 2), frameOf(4, 2)];
  screen.show(still);
  screen.repeat();
  await settle();
  screen.repeat();
  screen.show(next);
  await settle();
  const [kept] = still.copies;
  assert.deepEqual(taken, [still, ...kept.copies, next]);
  assert.deepEqual([kept.copies.length, kept.closed], [2, 1]);
  screen.resting = false;
  screen.show(live);
  await settle();
  assert.deepEqual([next.copies[0].closed, live.copies, taken.at(-1)], [1, [], live]);
});
