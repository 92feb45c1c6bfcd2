// The WebCodecs player's pure parts, and the ladder. Run: node --test tests/js
import assert from 'node:assert/strict';
import test from 'node:test';
import { Ladder } from '../../../../web/js/watch/ladder.js';
import { DelayTarget } from '../../../../web/js/watch/webcodecs/delay_target.js';
import { readAudio, readSamples, readVideo } from '../../../../web/js/watch/webcodecs/fragment.js';
import { Offset } from '../../../../web/js/watch/webcodecs/offset.js';
import { Playhead } from '../../../../web/js/watch/webcodecs/playhead.js';
import { SoundRing } from '../../../../web/js/watch/webcodecs/sound_ring.js';
import { SoundSteering } from '../../../../web/js/watch/webcodecs/sound_steering.js';

const u32 = (...values) => values.flatMap((value) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const box = (kind, ...parts) => {
  const body = parts.flat();
  return [...u32(8 + body.length), ...Buffer.from(kind), ...body];
};
const nothing = (count) => Array(count).fill(0);

/** A fragment as relay/media/bmff.py writes it: size, duration, flags and composition offset of each sample. */
function fragment(samples) {
  const rows = samples.flatMap(({ duration, data }) => u32(duration, data.length, 0, 0));
  const make = (offset) =>
    box('moof', box('mfhd', u32(0, 1)), box('traf', box('tfhd', u32(0x020000, 1)), box('tfdt', u32(0x01000000, 0, 0)), box('trun', u32(0x01000f01, samples.length, offset), rows)));
  const head = make(0).length + 8;
  return Uint8Array.from([...make(head), ...box('mdat', samples.flatMap(({ data }) => data))]);
}

test('samples come out of a fragment with their times', () => {
  const body = fragment([{ duration: 960, data: [1, 2, 3] }, { duration: 960, data: [4] }]);
  // As in a message, where it does not begin at zero.
  const shifted = new Uint8Array(body.length + 7);
  shifted.set(body, 7);
  const samples = readSamples(shifted.subarray(7), 48_000);
  assert.deepEqual(samples.map(({ data, offset, duration }) => [[...data], offset, duration]), [[[1, 2, 3], 0, 20_000], [[4], 20_000, 20_000]]);
});

test('a fragment that is cut short, or none, is refused', () => {
  const body = fragment([{ duration: 960, data: [1, 2, 3] }]);
  assert.throws(() => readSamples(body.subarray(0, -1), 48_000), RangeError);
  for (let length = 0; length < body.length; length++) assert.throws(() => readSamples(body.slice(0, length), 48_000), RangeError);
});

test('an init segment tells what a decoder has to know', () => {
  const stsd = (entry) => Uint8Array.from(box('moov', box('trak', box('mdia', box('minf', box('stbl', box('stsd', u32(0, 1), entry)))))));
  const avc1 = box('avc1', nothing(24), [2, 208, 5, 0], nothing(50), box('avcC', [1, 66, 192, 31]));
  const { description, width, height } = readVideo(stsd(avc1));
  assert.deepEqual([[...description], width, height], [[1, 66, 192, 31], 720, 1280]);
  assert.deepEqual(readAudio(stsd(box('Opus', nothing(16), [0, 2], nothing(10), box('dOps', nothing(11))))), { channels: 2 });
  assert.throws(() => readVideo(stsd(box('hvc1', nothing(78)))), RangeError);
});

test('the target rises at once, sinks slowly, and keeps its bounds', () => {
  const target = new DelayTarget();
  assert.equal(target.update(0, 0, 5), 20);
  assert.equal(target.update(100, 80, 20), 100);
  assert.equal(target.update(1_100, 0, 20), 70);
  assert.equal(target.update(1_200, 5_000, 20), 1_000);
});

test('a spell without sound moves the target back for a while; an outage does not', () => {
  const target = new DelayTarget();
  target.update(0, 10, 20);
  target.ranDry(30);
  assert.equal(target.update(0, 10, 20), 60);
  target.ranDry(370);
  assert.equal(target.update(0, 10, 20), 60);
  for (let now = 0; now <= 20_000; now += 100) target.update(now, 10, 20);
  assert.equal(target.value, 30);
});

test('the playhead walks to where it should be, and jumps only when that is far', () => {
  const head = new Playhead();
  assert.ok(Number.isNaN(head.at(0)));
  head.follow(0, 1_000);
  assert.equal(head.at(100), 1_100);
  let before = head.at(100);
  for (let now = 100; now < 3_000; now += 50) {
    head.follow(now, now + 1_060); // 60 ms further on
    const step = head.at(now + 50) - before;
    assert.ok(step > 0 && step < 60, 'never back, never a leap');
    before = head.at(now + 50);
  }
  assert.ok(Math.abs(head.at(3_000) - 4_060) < 2);
  assert.equal(head.jumps, 0);
  head.follow(3_000, 9_000);
  assert.equal(head.at(3_000), 9_000);
  assert.equal(head.jumps, 1);
});

const tone = (from, count) => Float32Array.from({ length: count }, (_, n) => Math.sin((from + n) * 0.05));
const read = (ring, count) => {
  const out = [new Float32Array(count), new Float32Array(count)];
  ring.read(out);
  return out;
};
const steepest = (samples) => samples.slice(1).reduce((most, value, n) => Math.max(most, Math.abs(value - samples[n])), 0);

test('sound comes out where and as it was put in', () => {
  const ring = new SoundRing(2, 48_000);
  ring.write(10_000, [tone(10_000, 4_800)]);
  ring.jump(10_000);
  const [left, right] = read(ring, 1_024);
  assert.deepEqual(left.slice(256), tone(10_256, 768), 'after the fade it is the same, bit by bit');
  assert.deepEqual(left, right);
  assert.equal(ring.position, 11_024);
});

test('another rate is another pitch and nothing else', () => {
  const ring = new SoundRing(1, 48_000);
  ring.write(0, [tone(0, 9_600)]);
  ring.jump(0);
  ring.rate = 1.01;
  const [left] = read(ring, 8_000);
  for (let n = 300; n < 8_000; n++) assert.ok(Math.abs(left[n] - Math.sin(n * 1.01 * 0.05)) < 1e-3);
});

test('neither its end, nor more of it, nor a jump is a click', () => {
  const ring = new SoundRing(1, 48_000);
  const heard = [];
  ring.write(0, [tone(0, 2_000)]);
  ring.jump(0);
  for (let n = 0; n < 30; n++) {
    heard.push(...read(ring, 128)[0]);
    if (n === 20) ring.write(2_000, [tone(2_000, 9_000)]);
    if (n === 24) ring.jump(6_007);
  }
  assert.ok(steepest(heard) < 0.12, `a step of ${steepest(heard)}`);
  assert.equal(ring.dry, 1);
  assert.ok(heard.slice(2_100, 20 * 128).every((value) => value === 0), 'silence between');
});

test('a hole is silence, and what comes late still finds its place', () => {
  const ring = new SoundRing(1, 48_000);
  ring.write(0, [new Float32Array(1_000).fill(0.5)]);
  ring.write(3_000, [new Float32Array(2_000).fill(0.5)]);
  ring.write(1_500, [new Float32Array(500).fill(0.25)]);
  ring.jump(0);
  const [left] = read(ring, 4_000);
  assert.deepEqual([left[900], left[1_200], left[1_700], left[2_500], left[3_500]], [0.5, 0, 0.25, 0, 0.5]);
});

test('more than it keeps is forgotten, and a stream that jumps far ahead costs nothing', () => {
  const ring = new SoundRing(1, 1_000);
  ring.write(0, [tone(0, 5_000)]);
  ring.write(1e12, [new Float32Array(900).fill(0.5)]);
  ring.jump(1e12);
  assert.equal(read(ring, 400)[0][300], 0.5);
});

test('small differences of the sound are resampled away, large ones are one jump', () => {
  const steering = new SoundSteering();
  assert.deepEqual(steering.decide({ now: 0, position: NaN, wanted: 500 }), { rate: 1, jump: 500 });
  assert.deepEqual(steering.decide({ now: 100, position: 600, wanted: 601 }), { rate: 1, jump: null });
  const { rate, jump } = steering.decide({ now: 200, position: 700, wanted: 720 });
  assert.equal(jump, null);
  assert.ok(rate > 1 && rate <= 1.01);
  assert.ok(steering.decide({ now: 300, position: 800, wanted: 765 }).rate >= 0.99);
  assert.equal(steering.decide({ now: 9_000, position: 1_000, wanted: 1_380 }).jump, 1_380);
  assert.equal(steering.decide({ now: 9_100, position: 1_000, wanted: 1_380 }).jump, null, 'it takes a moment to arrive');
  assert.equal(steering.jumps, 1);
});

const all = { isSecureContext: true, VideoDecoder: 1, AudioDecoder: 1, AudioWorkletNode: 1, MediaSource: 1 };

test('the best that the browser can do', () => {
  assert.equal(new Ladder(all, null).name, 'webcodecs');
  assert.equal(new Ladder({ ...all, isSecureContext: false }, null).name, 'mse');
  assert.equal(new Ladder({ ManagedMediaSource: 1 }, null).name, 'mse');
  assert.equal(new Ladder({}, null).supported, false);
});

test('what is asked for is done and kept, unless nobody is called that', () => {
  const ladder = new Ladder(all, 'mse');
  assert.equal(ladder.name, 'mse');
  assert.equal(ladder.broke(0, 'bad', true) || ladder.stalled(0) || ladder.recovered(1e9), false);
  const unknown = new Ladder(all, 'toString');
  assert.deepEqual([unknown.name, unknown.unknown], ['webcodecs', 'toString']);
  assert.equal(new Ladder({ MediaSource: 1 }, 'webcodecs').supported, false);
});

test('one error is forgiven, two are a step down, and a minute later it is tried again, then after two', () => {
  const ladder = new Ladder(all, null);
  assert.equal(ladder.broke(0, 'bad', false), false);
  assert.equal(ladder.broke(40_000, 'bad', false), false);
  assert.equal(ladder.broke(45_000, 'bad', false), true);
  assert.deepEqual([ladder.name, ladder.why], ['mse', 'webcodecs left: bad']);
  assert.equal(ladder.recovered(100_000), false);
  assert.equal(ladder.recovered(106_000), true);
  assert.equal(ladder.name, 'webcodecs');
  ladder.broke(117_000, 'bad', false);
  assert.equal(ladder.broke(118_000, 'bad', false), true);
  assert.equal(ladder.recovered(210_000), false);
  assert.equal(ladder.recovered(239_000), true);
  assert.equal(ladder.broke(248_000, 'bad', false), true, 'what is tried again is left at its first error');
  assert.equal(ladder.recovered(500_000), true);
  assert.equal(ladder.stalled(501_000), false);
  assert.equal(ladder.stalled(502_000), true, 'or at its second stall');
});

test('stalls that come together are a step down, and another; below the last rung there is none', () => {
  const ladder = new Ladder(all, null);
  for (const now of [0, 31_000, 40_000, 50_000]) assert.equal(ladder.stalled(now), false);
  assert.equal(ladder.stalled(55_000), true);
  assert.equal(ladder.name, 'mse');
  for (const now of [56_000, 57_000, 58_000]) assert.equal(ladder.stalled(now), false);
  assert.equal(ladder.stalled(59_000), true);
  for (let now = 60_000; now < 70_000; now += 1_000) assert.equal(ladder.stalled(now), false);
  assert.equal(ladder.name, 'hls');
});

test('what can never play is not tried again', () => {
  const ladder = new Ladder(all, null);
  assert.equal(ladder.broke(0, 'no such codec', true), true);
  assert.equal(ladder.recovered(1e9), false);
  assert.equal(ladder.broke(10, 'no such codec', true), true);
  assert.equal(ladder.broke(20, 'no such codec', true), false);
  assert.equal(ladder.name, 'hls');
});

test('one that will never play is left for one that rests, and the way up stays open', () => {
  const ladder = new Ladder({ MediaSource: 1, RTCPeerConnection: 1 }, null); // mse, whep, hls
  for (const now of [0, 1, 2, 3]) ladder.stalled(now);
  assert.equal(ladder.name, 'whep');
  for (const now of [10, 11, 12, 13]) ladder.stalled(now);
  assert.equal(ladder.name, 'hls');
  assert.equal(ladder.broke(20, 'no such codec', true), true);
  assert.equal(ladder.name, 'mse', 'whose rest ends first');
  assert.equal(ladder.broke(30, 'no such codec', true), true);
  assert.equal(ladder.name, 'whep');
  assert.equal(ladder.broke(40, 'no such codec', true), false);
});

test('a blocked transport blocks all that goes over it, for a while', () => {
  const ladder = new Ladder(all, null);
  assert.equal(ladder.blocked(0, 'websocket'), true);
  assert.deepEqual([ladder.name, ladder.why], ['hls', 'webcodecs left: websocket is blocked']);
  for (const now of [4_000, 8_000]) assert.equal(ladder.blocked(now, 'websocket'), false, 'what plays goes over another one');
  assert.equal(ladder.name, 'hls');
  assert.equal(ladder.recovered(59_000), false);
  assert.equal(ladder.recovered(1e6), true);
  assert.equal(ladder.name, 'webcodecs');
  assert.equal(new Ladder(all, 'webcodecs').blocked(0, 'websocket'), false, 'what is asked for is kept');
});

test('a clock that stood still is believed after some seconds, and a slow notice never', () => {
  const offset = new Offset();
  assert.equal(offset.value, Infinity);
  const at = (now, stood, late) => offset.add(now + late, now - 500 - stood);
  let now = 0;
  for (; now < 10_000; now += 32) at(now, 0, now % 320 ? 6 : 1);
  assert.equal(offset.value, 501);
  for (; now < 15_000; now += 32) at(now, 40, now % 320 ? 6 : 1);
  assert.equal(offset.value, 541);
  offset.add(90_000, 89_000); // the page slept
  assert.equal(offset.value, 1_000);
});

test('a media source that has no H.264 is none', () => {
  const none = { isTypeSupported: () => false };
  assert.equal(new Ladder({ MediaSource: none, RTCPeerConnection: 1 }, null).name, 'whep');
  assert.equal(new Ladder({ ManagedMediaSource: { isTypeSupported: () => true } }, null).name, 'mse');
});
