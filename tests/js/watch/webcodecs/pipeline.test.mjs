import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { FLAG, KIND, TRACK } from '../../../../web/js/watch/line/record.js';
import { Pipeline } from '../../../../web/js/watch/webcodecs/pipeline.js';
import { FakeClock, fakeEnvironment } from '../../fixtures/fake_clock.mjs';
import { AVC1, fragment, initSegment } from '../../fixtures/fragment.mjs';

const FRAME = 33; // ms
const DECODES = 4; // ms
const CODEC = 'avc1.42c01f';

/** A pipeline on a page without screen refreshes, and a decoder that needs DECODES. */
function begin(t) {
  const clock = new FakeClock();
  const told = [];
  const globals = {
    VideoDecoder: class {
      static isConfigSupported = () => Promise.resolve({ supported: true });
      state = 'unconfigured';
      constructor(callbacks) {
        this.callbacks = callbacks;
      }
      configure = () => void (this.state = 'configured');
      close = () => void (this.state = 'closed');
      decode = ({ timestamp }) =>
        clock.set(() => {
          const frame = { timestamp, displayWidth: 4, displayHeight: 4, close() {} };
          this.callbacks.output(frame);
        }, DECODES);
    },
    EncodedVideoChunk: class {
      constructor(init) {
        Object.assign(this, init);
      }
    },
  };
  Object.assign(globalThis, globals);
  const pipeline = new Pipeline(
    { show: (frame) => frame.close(), close() {} },
    { at: (local) => local * 1_000, error: 0 },
    {
      picture: () => told.push('picture'),
      still: () => told.push('still'),
      moving: () => told.push('moving'),
      sized() {},
      broken: (reason) => assert.fail(reason),
    },
    fakeEnvironment(clock),
  );
  t.after(() => {
    pipeline.close();
    Object.keys(globals).forEach((name) => delete globalThis[name]);
  });
  const record = (fields) =>
    pipeline.record(
      { slot: 0, track: TRACK.VIDEO, flags: 0, epoch: 0, captureTime: 0, ...fields },
      clock.now,
    );
  pipeline.hello({ now: 0 });
  record({
    kind: KIND.INIT,
    body: Uint8Array.from([CODEC.length, ...Buffer.from(CODEC), ...initSegment(AVC1)]),
  });
  let sequence = 0;
  /** One frame arrives: by default the next one, which is a keyframe if it is the first. */
  const push = (number = sequence, key = number === 0) => {
    const mediaTime = number * FRAME * 1_000;
    sequence = number + 1;
    record({
      kind: KIND.MEDIA,
      flags: key ? FLAG.KEY : 0,
      sequence: number,
      mediaTime,
      publishTime: mediaTime,
      body: fragment([{ duration: 3_000, data: [1] }]),
    });
  };
  return { clock, pipeline, push, told };
}

test('on a steady network a frame is drawn when it is decoded', async (t) => {
  const { clock, pipeline, push } = begin(t);
  for (let n = 0; n < 200; n++) {
    push();
    await clock.advance(DECODES + 1);
    if (n > 60) assert.equal(pipeline.stats().buffer, 0, `frame ${n} waits`);
    if (n > 60) assert.equal(Math.round(pipeline.stats().position), 10 + n * FRAME);
    if (n > 60) assert.equal(Math.round(pipeline.stats().mediaTime), n * FRAME);
    await clock.advance(FRAME - DECODES - 1);
  }
  assert.ok(pipeline.stats().target < 5);
  assert.equal(pipeline.stats().dropped, 0);
});

test('on a trembling network a frame waits for the reserve', async (t) => {
  const { clock, pipeline, push } = begin(t);
  for (let n = 0; n < 200; n++) {
    const late = n % 3 ? 0 : 15;
    await clock.advance(late);
    push();
    await clock.advance(FRAME - late);
  }
  assert.ok(pipeline.stats().target >= 35);
});

test('a standby shows each keyframe at once, and nothing else', async (t) => {
  const { clock, pipeline, push, told } = begin(t);
  pipeline.standby = true;
  push(0);
  push(1);
  await clock.advance(DECODES);
  assert.deepEqual([pipeline.stats().frames, told], [1, ['picture']]);
  await clock.advance(4_000 - DECODES);
  push(120, true);
  await clock.advance(DECODES);
  assert.equal(pipeline.stats().frames, 2);
  assert.equal(Math.round(pipeline.stats().mediaTime), 120 * FRAME);
  const waiting = clock.timers;
  await clock.advance(60_000);
  assert.equal(clock.timers, waiting);
  assert.deepEqual(told, ['picture', 'still']);
});

test('after a standby the picture moves at once and reaches the live edge, without a stall', async (t) => {
  const { clock, pipeline, push, told } = begin(t);
  pipeline.standby = true;
  push(0);
  await clock.advance(30 * FRAME);
  pipeline.standby = false;
  for (let n = 0; n < 30; n++) push(n); // the burst has the keyframe again
  await clock.advance(20);
  assert.deepEqual(told, ['picture', 'moving']);
  for (let n = 30; n < 130; n++) {
    push(n);
    await clock.advance(FRAME);
  }
  const { stalls, lag, seeks, firstPicture } = pipeline.stats();
  assert.deepEqual([stalls, seeks, told.length], [0, 0, 2]);
  assert.ok(lag < 60, `${lag} ms`);
  assert.ok(Number.isNaN(firstPicture)); // says nothing about the page
});

test('a room that played goes on where it is live, without a stall', async (t) => {
  const { clock, pipeline, push, told } = begin(t);
  for (let n = 0; n < 60; n++) {
    push(n);
    await clock.advance(FRAME);
  }
  pipeline.standby = true;
  await clock.advance(200);
  const { frames } = pipeline.stats();
  push(61);
  await clock.advance(240 * FRAME - 200);
  assert.equal(pipeline.stats().frames, frames);
  pipeline.standby = false;
  for (let n = 270; n < 300; n++) push(n, n === 270);
  await clock.advance(20);
  assert.deepEqual(told, ['picture', 'moving']);
  for (let n = 300; n < 360; n++) {
    push(n);
    await clock.advance(FRAME);
  }
  assert.equal(pipeline.stats().stalls, 0);
  assert.ok(pipeline.stats().lag < 60, `${pipeline.stats().lag} ms`);
});
