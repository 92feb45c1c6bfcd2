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
    { picture() {}, sized() {}, broken: (reason) => assert.fail(reason) },
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
  const push = () => {
    const mediaTime = sequence * FRAME * 1_000;
    record({
      kind: KIND.MEDIA,
      flags: sequence ? 0 : FLAG.KEY,
      sequence: sequence++,
      mediaTime,
      publishTime: mediaTime,
      body: fragment([{ duration: 3_000, data: [1] }]),
    });
  };
  return { clock, pipeline, push };
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
