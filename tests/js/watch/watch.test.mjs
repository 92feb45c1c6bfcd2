// The watch page's pure parts. Run: node --test tests/js
import assert from 'node:assert/strict';
import test from 'node:test';
import { Backoff } from '../../../web/js/api/backoff.js';
import { Arrivals } from '../../../web/js/watch/timing/arrivals.js';
import { FrameLog } from '../../../web/js/watch/timing/frame_log.js';
import { LiveEdge, START_LAG } from '../../../web/js/watch/mse/live_edge.js';
import { Pauses } from '../../../web/js/watch/timing/pauses.js';
import { FLAG, KIND, TRACK, parseRecords, readInit } from '../../../web/js/watch/line/record.js';
import { ServerClock } from '../../../web/js/watch/line/server_clock.js';
import { Timeline } from '../../../web/js/watch/timing/timeline.js';

/** One record, as relay/PROTOCOL.md lays it out. */
function record({ kind = KIND.MEDIA, track = TRACK.VIDEO, flags = 0, sequence = 0, mediaTime = 0n, publishTime = 0n, body = [] }) {
  const bytes = new Uint8Array(44 + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set([1, kind, 0, track, flags], 0);
  view.setUint32(8, 1);
  view.setUint32(12, sequence);
  view.setBigInt64(16, mediaTime);
  view.setBigInt64(24, publishTime - 5_000n);
  view.setBigInt64(32, publishTime);
  view.setUint32(40, body.length);
  bytes.set(body, 44);
  return bytes;
}

const message = (...records) => Uint8Array.from(records.flatMap((bytes) => [...bytes])).buffer;

test('a message holds several records, with 64-bit times of either sign', () => {
  const first = record({ mediaTime: -1_500_000n, publishTime: 1_795_400_000_000_001n, body: [1, 2, 3] });
  const second = record({ kind: KIND.INIT, track: TRACK.AUDIO, body: [4, ...Buffer.from('opus'), 9, 8] });
  const [video, audio] = parseRecords(message(first, second));
  assert.equal(video.mediaTime, -1_500_000);
  assert.equal(video.publishTime, 1_795_400_000_000_001);
  assert.deepEqual([...video.body], [1, 2, 3]);
  assert.deepEqual(readInit(audio.body), { codec: 'opus', segment: new Uint8Array([9, 8]) });
});

test('a record cut short, or of another version, is refused', () => {
  const whole = record({ body: [1, 2, 3] });
  assert.throws(() => parseRecords(whole.slice(0, -1).buffer), RangeError);
  whole[0] = 2;
  assert.throws(() => parseRecords(whole.buffer), RangeError);
});

test('the exchange with the shortest round trip sets the clock', () => {
  const clock = new ServerClock();
  clock.add(0, 100, 1_000_000);
  clock.add(200, 210, 1_300_000);
  assert.equal(clock.at(205), 1_300_000);
  assert.equal(clock.error, 5_000);
});

test('the edge follows the quickest arrival, the jitter the late ones', () => {
  const arrivals = new Arrivals();
  for (let n = 0; n < 200; n++) arrivals.add(n * 33, 1_000 + n * 33 + (n % 10 ? 0 : 60));
  assert.equal(arrivals.edge(10_000), 9_000);
  assert.ok(arrivals.jitter >= 0 && arrivals.jitter <= 60);
});

test('the first wait is nothing, and none is over a second in the first minute', () => {
  const backoff = new Backoff(() => 1);
  assert.equal(backoff.next(0), 0);
  for (let now = 0; now < 59_000; now += 1_000) assert.ok(backoff.next(now) <= 1_000);
  assert.ok(backoff.next(61_000) > 1_000);
});

test('a frame is dated by the newest one not after it', () => {
  const log = new FrameLog(4);
  for (let n = 0; n < 6; n++) log.add(n * 33_000, 1_000 + n);
  assert.equal(log.captureOf(5 * 33_000), 1_005);
  assert.equal(log.captureOf(4 * 33_000 + 20_000), 1_004);
  assert.ok(Number.isNaN(log.captureOf(0)));
});

const near = { now: 0, position: 850, edge: 1_000, newest: 1_000, jitter: 20, silent: false };

test('at the target nothing is done', () => {
  assert.deepEqual(new LiveEdge({ fractionalRates: true }).decide(near), { rate: 1, seek: null });
});

test('small differences are walked off, within rates nobody hears', () => {
  const edge = new LiveEdge({ fractionalRates: true });
  const { rate, seek } = edge.decide({ ...near, now: 1_000, position: 600 });
  assert.equal(seek, null);
  assert.ok(rate > 1 && rate <= 1.06);
  assert.ok(edge.decide({ ...near, now: 2_000, position: 950 }).rate >= 0.96);
  assert.equal(edge.decide({ ...near, now: 3_000 }).rate, 1);
});

test('large differences are one seek, and WebKit never gets a rate', () => {
  const edge = new LiveEdge({ fractionalRates: false });
  assert.deepEqual(edge.decide({ ...near, position: 500 }), { rate: 1, seek: null });
  assert.equal(edge.decide({ ...near, now: 100, position: -1_000 }).seek, 1_000 - START_LAG);
  assert.equal(edge.decide({ ...near, now: 200, position: -1_000 }).seek, null);
});

test('an element that plays again by itself, far behind, is led to the edge at once', () => {
  const edge = new LiveEdge({ fractionalRates: true });
  assert.equal(edge.resume(0, 500, 1_000), null); // it was not dry: the start, or a seek
  edge.starve(1_000);
  assert.equal(edge.resume(1_300, 1_500, 2_000), 2_000 - START_LAG);
  assert.equal(edge.starving, false);
  assert.equal(edge.resume(1_310, 1_800, 2_000), null); // what the seek itself brings
  edge.starve(60_000);
  assert.equal(edge.resume(60_030, 60_000 - START_LAG, 60_000), null);
  const brisk = edge.decide({ ...near, now: 60_300, position: 60_000, edge: 60_260, newest: 60_260 });
  assert.ok(brisk.rate > 1.06 && brisk.seek === null, 'what is near is walked, and briskly');
});

test('a dry spell ends with one seek; those that come again move the target back, an accident or an outage does not', () => {
  const edge = new LiveEdge({ fractionalRates: true });
  edge.starve(0);
  assert.equal(edge.decide({ ...near, now: 10, position: 990 }).seek, null);
  assert.equal(edge.decide({ ...near, now: 300, position: 990, newest: 1_300 }).seek, 1_300 - START_LAG);
  edge.decide({ ...near, now: 310 });
  const before = edge.target;
  edge.starve(10_000);
  edge.decide({ ...near, now: 10_190, position: 990 });
  edge.recover(10_200);
  edge.decide({ ...near, now: 10_200 });
  const after = edge.target;
  assert.ok(after > before + 50);
  edge.starve(10_400);
  edge.recover(19_000);
  edge.decide({ ...near, now: 19_000 });
  assert.ok(edge.target <= after);
  edge.starve(60_000);
  edge.recover(60_300);
  edge.decide({ ...near, now: 60_300 });
  assert.equal(edge.target, before);
});

const sample = (track, mediaTime, flags = 0) => ({ kind: 1, slot: 0, track, flags, epoch: 1, sequence: 0, mediaTime, captureTime: mediaTime, publishTime: mediaTime, body: new Uint8Array() });

test('the timeline begins with a key frame, near zero, and takes nothing twice', () => {
  const hours = 5 * 3_600_000_000;
  const timeline = new Timeline();
  assert.equal(timeline.accept(sample(TRACK.AUDIO, hours), 0, true), false);
  assert.equal(timeline.accept(sample(TRACK.VIDEO, hours), 0, true), false);
  assert.equal(timeline.accept(sample(TRACK.VIDEO, hours + 33_000, FLAG.KEY), 0, true), true);
  assert.equal(timeline.first, 10);
  assert.equal(timeline.accept(sample(TRACK.VIDEO, hours + 33_000, FLAG.KEY), 0, true), false);
  assert.equal(timeline.accept(sample(TRACK.AUDIO, hours + 20_000), 0, true), true);
  assert.equal(timeline.newest, 10);
});

test('a pause of the creator explains a dry spell, a hole in what came does not', () => {
  const pauses = new Pauses();
  for (const [sequence, media] of [[1, 0], [2, 33], [3, 66], [4, 500], [5, 533], [7, 1_200], [8, 1_233]]) pauses.add(sequence, media);
  assert.equal(pauses.explain(66), true);
  assert.equal(pauses.explain(20), true, 'the sound ended a little earlier');
  assert.equal(pauses.explain(500), false);
  assert.equal(pauses.explain(533), false, 'a picture is missing');
  assert.equal(pauses.explain(1_233), false);
});
