import assert from 'node:assert/strict';
import test from 'node:test';
import { LipSync } from '../../../../web/js/watch/whep/lip_sync.js';

/** The result of three readings a second apart; the first is at `now`. */
const thrice = (sync, now, ...args) =>
  [0, 1_000, 2_000].map((later) => sync.update(now + later, ...args)).find(Boolean) ?? null;

test('the early track is delayed now and then, and released before the other is delayed', () => {
  const sync = new LipSync();
  const [waits, targets] = [
    { audio: 35, video: 10 },
    { audio: 20, video: 11 },
  ];
  assert.equal(sync.update(0, -80, waits, targets), null);
  assert.equal(sync.update(1_000, 300, waits, targets), null, 'a single reading proves nothing');
  assert.deepEqual(
    sync.update(2_000, -80, waits, targets),
    { audio: 0, video: 56 },
    'by 35 more than its 10 + 11',
  );
  assert.equal(
    sync.update(3_000, -80, waits, targets),
    null,
    'the last change is still taking effect',
  );
  assert.equal(thrice(sync, 6_000, -31, waits, targets), null);
  assert.deepEqual(thrice(sync, 12_000, -25, waits, targets), { audio: 0, video: 36 });
  assert.deepEqual(thrice(sync, 18_000, 40, waits, targets), { audio: 0, video: 0 });
  assert.deepEqual(thrice(sync, 24_000, 40, waits, targets), { audio: 78, video: 0 });
  assert.deepEqual(thrice(sync, 30_000, -70, waits, targets), { audio: 26, video: 0 });
});

test('a burst of audio is left to the browser', () => {
  const sync = new LipSync();
  const targets = { audio: 60, video: 76 };
  for (let now = 0; now < 8_000; now += 1_000)
    assert.equal(sync.update(now, -335, { audio: 400 - now / 25, video: 64 }, targets), null);
  assert.deepEqual(thrice(sync, 8_000, -65, { audio: 80, video: 64 }, targets), {
    audio: 0,
    video: 106,
  });
  const late = { audio: 20, video: 300 };
  for (let now = 15_000; now < 20_000; now += 1_000)
    assert.equal(sync.update(now, 200, late, targets), null);
});

test('without audible sound the video is released, once', () => {
  const sync = new LipSync();
  assert.equal(sync.release(), null);
  assert.deepEqual(thrice(sync, 0, -65, { audio: 20, video: 60 }, { audio: 20, video: 60 }), {
    audio: 0,
    video: 90,
  });
  assert.deepEqual(sync.release(), { audio: 0, video: 0 });
  assert.equal(sync.release(), null);
});

test('unnoticeable and unknown leads change nothing', () => {
  const sync = new LipSync();
  const leads = [-57, NaN, -1, -20];
  for (let second = 0; second < 60; second++) {
    assert.equal(
      sync.update(
        second * 1_000,
        leads[(second >> 2) & 3],
        { audio: 20, video: 20 },
        { audio: 20, video: 20 },
      ),
      null,
    );
  }
});

test('video that is shown at once is held back by the difference', () => {
  const sync = new LipSync();
  const [waits, targets] = [
    { audio: 45, video: 0 },
    { audio: 40, video: 70 },
  ];
  assert.equal(thrice(sync, 0, -57, waits, targets), null);
  assert.deepEqual(thrice(sync, 3_000, -85, waits, targets), { audio: 0, video: 40 });
});
