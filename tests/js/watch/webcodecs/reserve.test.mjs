import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { DelayTarget } from '../../../../web/js/watch/webcodecs/delay_target.js';
import { Reserve } from '../../../../web/js/watch/webcodecs/reserve.js';
import { play } from '../../fixtures/fake_screen.mjs';

const FRAME = 1_000 / 30 + 0.02; // ms; a camera and a screen do not run in step
const TRANSIT = 50; // ms

test('frames have no reserve on a steady network and a reserve on a trembling one', () => {
  const reserve = new Reserve();
  const jitters = [0, 9, 11, 9, 7, 9];
  assert.deepEqual(
    jitters.map((jitter) => reserve.update(0, jitter, 5)),
    [0, 0, 20, 20, 0, 0],
  );
});

test('the reserve is longer for a while after some frames were much later', () => {
  const reserve = new Reserve();
  assert.equal(reserve.update(0, 30, 5), 20);
  assert.equal(reserve.update(100, 30, 9), 36);
  assert.equal(reserve.update(20_000, 30, 5), 36);
  assert.equal(reserve.update(20_100, 30, 5), 20);
});

/** Frames of a minute. `lateness` gives the ms that the network adds; the order stays. */
function minute(lateness) {
  let seed = 1;
  const random = () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  let last = 0;
  return Array.from({ length: 1_800 }, (_, n) => {
    const media = n * FRAME;
    last = Math.max(last, media + TRANSIT + lateness(random, n, media));
    return { media, arrival: last };
  });
}

/** Plays with the reserve of the player. */
function watch(t, lateness) {
  const [target, reserve] = [new DelayTarget(), new Reserve()];
  return play(t, minute(lateness), (now, { jitter, tail }) =>
    target.update(now, jitter, reserve.update(now, jitter, tail)),
  );
}

// Lateness on each network, and what a viewer saw when frames were drawn at refreshes only, with a
// reserve of 20 ms.
const TREMBLING = {
  'Wi-Fi': {
    lateness: (random) => 14 * random() + (random() < 0.03 ? 40 * random() : 0),
    before: { uneven: 3.6, unseen: 6, longest: 67 },
  },
  'a busy Wi-Fi': {
    lateness: (random) => 30 * random(),
    before: { uneven: 6.3, unseen: 0, longest: 51 },
  },
  'a mobile network': {
    lateness: (random, n, media) =>
      Math.ceil((media + 6 * random()) / 10) * 10 - media + (n % 60 ? 4 * random() : 80),
    before: { uneven: 4.7, unseen: 54, longest: 101 },
  },
  retransmissions: {
    lateness: (random, n) => (n % 90 ? 12 * random() : 200),
    before: { uneven: 6.2, unseen: 83, longest: 217 },
  },
};

for (const [name, { lateness, before }] of Object.entries(TREMBLING))
  test(`frames are more even than before on ${name}`, (t) => {
    const now = watch(t, lateness);
    assert.ok(now.uneven <= before.uneven / 2, `${now.uneven} instead of ${before.uneven}`);
    assert.ok(now.unseen <= before.unseen, `${now.unseen} > ${before.unseen}`);
    assert.ok(now.longest <= before.longest, `${now.longest} > ${before.longest}`);
  });

test('on a steady network a frame waits only for its decoder and the next refresh', (t) => {
  const now = watch(t, (random) => 2 * random());
  assert.equal(now.unseen, 0);
  assert.ok(now.wait < 3 + 17, `${now.wait}`);
  assert.ok(now.uneven < 2, `${now.uneven}`);
});

test('frames whose lateness is bounded wait for a few milliseconds', (t) => {
  const now = watch(t, (random) => 12 * random());
  assert.equal(now.unseen, 0);
  assert.ok(now.wait < 3 + 17, `${now.wait}`);
  assert.ok(now.uneven < 1.5, `${now.uneven}`);
});
