import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { DelayTarget } from '../../../../web/js/watch/webcodecs/delay_target.js';
import { Reserve } from '../../../../web/js/watch/webcodecs/reserve.js';
import { play } from '../../fixtures/fake_screen.mjs';

const FRAME = 1_000 / 30; // ms
const TRANSIT = 50; // ms

test('frames have no reserve on a steady network and the full reserve on a trembling one', () => {
  const reserve = new Reserve();
  const jitters = [0, 6, 8, 6, 4, 6];
  assert.deepEqual(
    jitters.map((jitter) => reserve.update(jitter)),
    [0, 0, 20, 20, 0, 0],
  );
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

/** Plays with the reserve of the player, and with the full reserve at all times. */
function compare(t, lateness) {
  const frames = minute(lateness);
  const [chosen, full, reserve] = [new DelayTarget(), new DelayTarget(), new Reserve()];
  return {
    now: play(t, frames, (now, jitter) => chosen.update(now, jitter, reserve.update(jitter))),
    full: play(t, frames, (now, jitter) => full.update(now, jitter, 20)),
  };
}

const TREMBLING = {
  'Wi-Fi': (random) => 14 * random() + (random() < 0.03 ? 40 * random() : 0),
  'a busy Wi-Fi': (random) => 30 * random(),
  'a mobile network': (random, n, media) =>
    Math.ceil((media + 6 * random()) / 10) * 10 - media + (n % 60 ? 4 * random() : 80),
  retransmissions: (random, n) => (n % 90 ? 12 * random() : 200),
};

for (const [name, lateness] of Object.entries(TREMBLING))
  test(`frames are as even as with the full reserve: ${name}`, (t) => {
    const { now, full } = compare(t, lateness);
    assert.ok(now.uneven <= full.uneven * 1.02, `${now.uneven} > ${full.uneven}`);
    assert.ok(now.unseen <= full.unseen, `${now.unseen} > ${full.unseen}`);
    assert.ok(now.longest <= full.longest, `${now.longest} > ${full.longest}`);
  });

test('on a steady network a frame waits only for its decoder and the next refresh', (t) => {
  const { now, full } = compare(t, (random) => 2 * random());
  assert.equal(now.unseen, 0);
  assert.ok(now.wait < 3 + 17, `${now.wait}`);
  assert.ok(now.wait < full.wait - 8, `${now.wait} instead of ${full.wait}`);
});
