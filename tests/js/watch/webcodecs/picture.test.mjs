// The decoding of frames, with a decoder that gives its frames when a test says so.
import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { Picture } from '../../../../web/js/watch/webcodecs/picture.js';
import { FakeClock, fakeEnvironment } from '../../fixtures/fake_clock.mjs';

const FRAME = 33; // ms
const CONFIG = { codec: 'avc1.42c01f', description: new Uint8Array(), width: 4, height: 4 };

class FakeDecoder {
  static last;
  static isConfigSupported = () => Promise.resolve({ supported: true });
  state = 'unconfigured';
  inside = [];

  constructor(callbacks) {
    this.callbacks = callbacks;
    FakeDecoder.last = this;
  }

  configure = () => void (this.state = 'configured');
  decode = ({ timestamp }) => void this.inside.push(timestamp);
  close = () => void (this.state = 'closed');

  /** Gives all frames. */
  give() {
    for (const timestamp of this.inside.splice(0))
      this.callbacks.output({ timestamp, displayWidth: 4, displayHeight: 4, close() {} });
  }
}

function begin(t) {
  const clock = new FakeClock();
  const globals = {
    VideoDecoder: FakeDecoder,
    EncodedVideoChunk: class {
      constructor(init) {
        Object.assign(this, init);
      }
    },
  };
  Object.assign(globalThis, globals);
  t.after(() => Object.keys(globals).forEach((name) => delete globalThis[name]));
  const screen = { show: (frame) => frame.close(), close() {} };
  const reasons = [];
  const picture = new Picture(
    screen,
    { drawn: () => {}, broken: (reason) => reasons.push(reason) },
    fakeEnvironment(clock),
  );
  picture.configure(CONFIG);
  let sequence = 0;
  /** One frame arrives `ms` after the last one. */
  const push = (ms) => {
    clock.now += ms;
    const media = sequence * FRAME;
    picture.push({ data: new Uint8Array(1), media, key: sequence === 0, sequence });
    picture.follow(clock.now, media);
    sequence++;
  };
  return { clock, picture, reasons, push, decoder: FakeDecoder.last };
}

test('a decoder that gives no frames for five seconds is broken', (t) => {
  const { reasons, push, decoder } = begin(t);
  for (let n = 0; n < 30; n++) {
    push(FRAME);
    decoder.give();
  }
  for (let n = 0; n < 140; n++) push(FRAME);
  assert.deepEqual(reasons, []);
  for (let n = 0; n < 40; n++) push(FRAME);
  assert.deepEqual(reasons, ['picture: the decoder gives no frames']);
});

test('a thread that stood still says nothing about the decoder', (t) => {
  const { clock, picture, reasons, push, decoder } = begin(t);
  for (let n = 0; n < 30; n++) {
    push(FRAME);
    decoder.give();
  }
  push(FRAME);
  // Messages with frames come before what the decoder gave meanwhile.
  clock.now += 10_000;
  for (let n = 0; n < 300; n++) push(0);
  assert.deepEqual(reasons, []);
  decoder.give();
  assert.ok(picture.frames + picture.dropped > 320);
});
