import assert from 'node:assert/strict';
import test from 'node:test';
import { FLAG, KIND, TRACK } from '../../../../web/js/watch/line/record.js';
import { ServerClock } from '../../../../web/js/watch/line/server_clock.js';
import { FakeClock, fakeEnvironment } from '../../fixtures/fake_clock.mjs';

class FakeSourceBuffer {
  updating = false;
  appended = 0;
  removed = [];
  onupdateend = null;
  buffered = { length: 0 };

  appendBuffer(bytes) {
    this.appended += bytes.length;
  }

  remove(start, end) {
    this.removed.push([start, end]);
  }
}

class FakeMediaSource extends EventTarget {
  static isTypeSupported() {
    return true;
  }

  readyState = 'closed';
  buffers = [];

  addSourceBuffer() {
    this.buffers.push(new FakeSourceBuffer());
    return this.buffers.at(-1);
  }

  open() {
    this.readyState = 'open';
    this.dispatchEvent(new Event('sourceopen'));
  }
}

/** A video element that plays nothing: the test moves its playhead and shows its frames. */
class FakeVideo extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  muted = true;
  paused = false;
  seeking = false;
  readyState = 4;
  videoWidth = 540;
  videoHeight = 960;
  end = 0;
  listeners = 0;
  #frame = null;

  get buffered() {
    return { length: 1, start: () => 0, end: () => this.end };
  }

  addEventListener(name, listener, options) {
    this.listeners++;
    options?.signal?.addEventListener('abort', () => this.listeners--);
    super.addEventListener(name, listener, options);
  }

  play() {
    return Promise.resolve();
  }

  load() {}

  removeAttribute() {}

  requestVideoFrameCallback(callback) {
    this.#frame = callback;
    return 1;
  }

  cancelVideoFrameCallback() {
    this.#frame = null;
  }

  get watched() {
    return this.#frame !== null;
  }

  show(now) {
    this.#frame(now, { mediaTime: this.currentTime, expectedDisplayTime: now });
  }
}

globalThis.self = globalThis;
globalThis.chrome = {};
globalThis.MediaSource = FakeMediaSource;
const { MsePlayer } = await import('../../../../web/js/watch/mse/mse_player.js');

const SECOND = 1_000_000; // µs
const SERVER = 1_790_000_000 * SECOND;

function setUp() {
  const clock = new FakeClock();
  const environment = fakeEnvironment(clock);
  const video = new FakeVideo();
  const seen = { broken: [], picture: 0 };
  const player = new MsePlayer(
    video,
    new ServerClock(),
    {
      picture: () => seen.picture++,
      broken: (reason, final) => seen.broken.push([reason, final]),
      blocked: () => {},
      sized: () => {},
    },
    environment,
  );
  return { clock, video, player, seen, source: sources.at(-1) };
}

const sources = [];
globalThis.MediaSource = class extends FakeMediaSource {
  constructor() {
    super();
    sources.push(this);
  }
};
URL.createObjectURL = () => 'blob:test';
URL.revokeObjectURL = () => {};

const init = (track, codec) => ({
  kind: KIND.INIT,
  slot: 0,
  track,
  body: Uint8Array.from([codec.length, ...Buffer.from(codec), 1, 2, 3]),
});

/** Frame `number` at 30 fps, published at its media time. */
const frame = (number, flags = 0) => ({
  kind: KIND.MEDIA,
  slot: 0,
  track: TRACK.VIDEO,
  flags,
  sequence: number,
  mediaTime: Math.round((number * SECOND) / 30),
  captureTime: SERVER + Math.round((number * SECOND) / 30),
  publishTime: SERVER + Math.round((number * SECOND) / 30),
  body: new Uint8Array(100),
});

const hello = {
  stream: 'f3',
  now: SERVER,
  tracks: [{ slot: 0, track: 'video', codec: 'avc1.42E01F' }],
};

/** Brings a player to its first frame. */
function play(parts) {
  const { player, source, video, clock } = parts;
  source.open();
  player.hello(hello);
  player.record(init(TRACK.VIDEO, 'avc1.42E01F'), clock.now);
  player.record(frame(0, FLAG.KEY), clock.now);
  video.end = 1;
  video.show(clock.now);
}

/** Plays for `ms`: every 100 ms three frames arrive, and the playhead follows 200 ms behind. */
async function run(parts, ms) {
  const { player, video, clock } = parts;
  const until = clock.now + ms;
  while (clock.now < until) {
    await clock.advance(100);
    const newest = Math.round(clock.now / (100 / 3));
    for (const number of [newest - 2, newest - 1, newest]) player.record(frame(number), clock.now);
    video.end = clock.now / 1_000;
    video.currentTime = Math.max(0, video.end - 0.2);
    video.show(clock.now);
  }
}

test('it opens, fills its buffers and plays', () => {
  const parts = setUp();
  const { player, source, video, clock, seen } = parts;
  assert.equal(player.state, 'opening');
  source.open();
  assert.equal(player.state, 'collecting');
  player.hello(hello);
  player.record(init(TRACK.VIDEO, 'avc1.42E01F'), clock.now);
  assert.equal(player.state, 'collecting', 'without a keyframe there is nothing to start from');
  player.record(frame(0, FLAG.KEY), clock.now);
  assert.equal(player.state, 'starting');
  assert.equal(source.buffers.length, 1);
  assert.equal(source.buffers[0].appended, 103, 'the init segment and the keyframe in one append');
  video.show(clock.now);
  assert.deepEqual([player.state, seen.picture], ['playing', 1]);
});

test('records wait until the source opens', () => {
  const { player, source, clock } = setUp();
  player.hello(hello);
  player.record(init(TRACK.VIDEO, 'avc1.42E01F'), clock.now);
  player.record(frame(0, FLAG.KEY), clock.now);
  player.record(frame(1), clock.now);
  assert.equal(player.state, 'opening');
  source.open();
  assert.equal(source.buffers[0].appended, 203);
});

test('a source that never opens breaks the player once', () => {
  const { player, seen, clock } = setUp();
  player.hello(hello);
  player.record(init(TRACK.VIDEO, 'avc1.42E01F'), clock.now);
  for (let n = 0; n < 1_100; n++) player.record(frame(n, n ? 0 : FLAG.KEY), clock.now);
  assert.equal(player.state, 'broken');
  assert.deepEqual(seen.broken, [['the media source does not open', false]]);
});

test('a dry spell that the viewer sees is one stall', async () => {
  const parts = setUp();
  const { player, video, clock } = parts;
  play(parts);
  await run(parts, 1_000);
  video.dispatchEvent(new Event('waiting'));
  assert.equal(player.state, 'dry');
  video.dispatchEvent(new Event('waiting'));
  assert.equal(player.state, 'dry', 'a second report changes nothing');
  await clock.advance(400);
  video.end = 2;
  video.dispatchEvent(new Event('playing'));
  assert.equal(player.state, 'recovering', 'at once');
  await clock.advance(100);
  assert.equal(player.state, 'recovering', 'no new frame is on the screen yet');
  assert.equal(player.stats().stalls, 0);
  video.currentTime = 1.2;
  video.show(clock.now);
  await clock.advance(100);
  assert.equal(player.state, 'playing');
  assert.equal(player.stats().stalls, 1);
});

test('a dry spell too short to see is no stall', async () => {
  const parts = setUp();
  const { player, video, clock } = parts;
  play(parts);
  await run(parts, 1_000);
  video.dispatchEvent(new Event('waiting'));
  assert.equal(player.state, 'dry');
  await clock.advance(20);
  video.dispatchEvent(new Event('playing'));
  video.currentTime = 0.9;
  await clock.advance(80);
  video.show(clock.now);
  await clock.advance(100);
  assert.deepEqual([player.state, player.stats().stalls], ['playing', 0]);
});

test('an element that waits before the first frame is not dry', async () => {
  const parts = setUp();
  const { player, video, source, clock } = parts;
  source.open();
  player.hello(hello);
  player.record(init(TRACK.VIDEO, 'avc1.42E01F'), clock.now);
  player.record(frame(0, FLAG.KEY), clock.now);
  await clock.advance(400);
  assert.equal(player.state, 'starting');
  video.dispatchEvent(new Event('waiting'));
  assert.equal(player.state, 'starting');
  video.show(clock.now);
  assert.equal(player.state, 'playing');
  await clock.advance(100);
  assert.equal(player.stats().stalls, 0);
});

test('an unsupported video codec breaks it for good', () => {
  const { player, source, seen, clock } = setUp();
  globalThis.MediaSource.isTypeSupported = (type) => !type.startsWith('video');
  try {
    source.open();
    player.hello(hello);
    player.record(init(TRACK.VIDEO, 'avc1.64002A'), clock.now);
  } finally {
    delete globalThis.MediaSource.isTypeSupported;
  }
  assert.deepEqual(seen.broken, [['This browser cannot decode avc1.64002A.', true]]);
  player.record(frame(0, FLAG.KEY), clock.now);
  assert.equal(player.state, 'broken');
});

test('closing leaves no timer, listener or frame callback', async () => {
  const parts = setUp();
  const { player, video, clock } = parts;
  play(parts);
  assert.ok(clock.timers > 0 && video.listeners > 0 && video.watched);
  player.close();
  assert.equal(player.state, 'closed');
  assert.deepEqual([clock.timers, video.listeners, video.watched], [0, 0, false]);
  await clock.advance(1_000);
});
