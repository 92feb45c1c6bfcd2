// The replay with Media Source Extensions. The source only keeps ranges.
import '../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { MseReplay, mimeOf } from '../../../web/js/rewind/mse_replay.js';
import { ReplayWindow } from '../../../web/js/rewind/replay_window.js';
import { FakeClock, fakeEnvironment } from '../fixtures/fake_clock.mjs';

const S = 1e6;

class FakeBuffer {
  ranges = [];
  updating = false;
  types = [];
  onupdateend = () => {};

  get buffered() {
    const ranges = this.ranges;
    return {
      length: ranges.length,
      start: (n) => ranges[n][0] / S,
      end: (n) => ranges[n][1] / S,
    };
  }

  appendBuffer([start, end]) {
    const last = this.ranges.at(-1);
    if (last?.[1] === start) last[1] = end;
    else this.ranges.push([start, end]);
    this.#later();
  }

  remove(start, end) {
    this.ranges = this.ranges
      .map(([from, to]) => [Math.max(from, end * S), to])
      .filter(([from, to]) => from < to);
    this.#later();
  }

  changeType(type) {
    this.types.push(type);
  }

  #later() {
    this.updating = true;
    queueMicrotask(() => {
      this.updating = false;
      this.onupdateend();
    });
  }
}

class FakeSource extends EventTarget {
  static isTypeSupported = (type) => type.includes('avc1') && !type.includes('Opus');
  static made = [];
  readyState = 'open';
  buffers = [];

  constructor() {
    super();
    FakeSource.made.push(this);
  }

  addSourceBuffer(type) {
    const buffer = new FakeBuffer();
    buffer.types.push(type);
    this.buffers.push(buffer);
    return buffer;
  }
}
self.MediaSource = FakeSource;
URL.createObjectURL = () => 'blob:';
URL.revokeObjectURL = () => {};

class FakeVideo extends EventTarget {
  #time = 0;
  src = '';
  paused = true;
  seeking = false;
  readyState = 4;
  seeks = [];

  get currentTime() {
    return this.#time;
  }

  set currentTime(seconds) {
    this.#time = seconds;
    this.seeks.push(seconds);
    queueMicrotask(() => this.dispatchEvent(new Event('seeked')));
  }

  /** Plays on without a seek. */
  advance(seconds) {
    this.#time += seconds;
  }

  play = () => {
    this.paused = false;
    return Promise.resolve();
  };
  pause = () => (this.paused = true);
  load() {}
  removeAttribute() {}
}

const windowOf = (...segments) =>
  new ReplayWindow(
    {
      stream: 'a',
      start: segments[0][0] * S,
      end: segments.at(-1)[1] * S,
      edge: segments.at(-1)[1] * S + 2 * S,
      pieces: [
        { codecs: 'avc1.42C01F,opus', width: 1, height: 1 },
        { codecs: 'avc1.640028,opus', width: 1, height: 1 },
        { codecs: 'avc1.640028', width: 1, height: 1 },
      ],
      segments: segments.map(([start, end, key = true, piece = 0]) => ({
        start: start * S,
        end: end * S,
        key,
        piece,
      })),
      hearts: [],
    },
    0,
  );
const TWOS = Array.from({ length: 20 }, (_, n) => [2 * n, 2 * n + 2]);

function started({ load = null } = {}) {
  const clock = new FakeClock();
  const video = new FakeVideo();
  const told = [];
  const loaded = [];
  const fetch = (segment, signal) => {
    loaded.push(segment.start / S);
    return load?.(segment, signal) ?? Promise.resolve([segment.start, segment.end]);
  };
  const events = Object.fromEntries(
    ['shown', 'starved', 'blocked', 'broken'].map((name) => [
      name,
      (reason) => told.push(reason ? `${name} ${reason}` : name),
    ]),
  );
  const replay = new MseReplay(video, fetch, events, fakeEnvironment(clock));
  const buffer = () => FakeSource.made.at(-1).buffers[0];
  return { clock, video, told, loaded, replay, buffer };
}

test('a browser without the codecs has no type', () => {
  assert.equal(mimeOf('avc1.42C01F,opus'), 'video/mp4; codecs="avc1.42C01F,opus"');
  assert.equal(mimeOf('vp8,opus'), null);
  const webkit = { MediaSource: { isTypeSupported: (type) => type.includes('Opus') } };
  assert.equal(mimeOf('avc1.42C01F,opus', webkit), 'video/mp4; codecs="avc1.42C01F,Opus"');
  assert.equal(mimeOf('avc1.42C01F,opus', {}), null);
});

test('a jump loads from the keyframe, shows the moment, and loads some media ahead', async () => {
  const { clock, video, told, loaded, replay } = started();
  replay.take(windowOf(...TWOS));
  replay.seek(11 * S);
  assert.equal(replay.mediaTime, 11 * S, 'known before it is loaded');
  await clock.advance(500);
  assert.deepEqual(video.seeks, [11]);
  assert.deepEqual(told, ['shown']);
  assert.deepEqual(loaded, [10, 12, 14, 16, 18]);
  video.advance(4);
  await clock.advance(500);
  assert.deepEqual(loaded.slice(5), [20, 22]);
  replay.close();
});

test('a segment without a keyframe is loaded after the previous segment', async () => {
  const { clock, loaded, video, replay } = started();
  replay.take(windowOf([0, 2], [2, 6], [6, 10, false], [10, 14, false], [14, 16]));
  replay.seek(11 * S);
  await clock.advance(500);
  assert.deepEqual(loaded.slice(0, 3), [2, 6, 10]);
  assert.deepEqual(video.seeks, [11]);
  replay.close();
});

test('a jump within the buffer needs no request', async () => {
  const { clock, loaded, video, replay } = started();
  replay.take(windowOf(...TWOS));
  replay.seek(10 * S);
  await clock.advance(500);
  const before = loaded.length;
  replay.seek(13 * S);
  await clock.advance(0);
  assert.deepEqual(video.seeks, [10, 13]);
  assert.deepEqual(
    loaded.slice(before).filter((start) => start < 14),
    [],
  );
  replay.close();
});

test('another jump ends the request of the previous jump', async () => {
  const signals = [];
  const { clock, video, replay, buffer } = started({
    load: (segment, signal) => {
      signals.push(signal);
      return segment.start === 10 * S ? new Promise(() => {}) : undefined;
    },
  });
  replay.take(windowOf(...TWOS));
  replay.seek(10 * S);
  await clock.advance(100);
  replay.seek(30 * S);
  await clock.advance(500);
  assert.equal(signals[0].aborted, true);
  assert.deepEqual(video.seeks, [30]);
  assert.equal(buffer().ranges[0][0], 30 * S);
  replay.close();
});

test('playback continues after an interruption of the live', async () => {
  const { clock, video, replay } = started();
  replay.take(windowOf([0, 2], [2, 4], [10, 12]));
  replay.seek(3 * S);
  await clock.advance(500);
  video.advance(0.99);
  await clock.advance(200);
  assert.ok(Math.abs(video.currentTime - 10) < 0.01, String(video.currentTime));
  replay.close();
});

test('a moment in an interruption shows the moment after the interruption', async () => {
  const { clock, video, replay } = started();
  replay.take(windowOf([0, 2], [10, 12], [12, 14]));
  replay.seek(5 * S);
  await clock.advance(500);
  assert.ok(video.currentTime >= 10 && video.currentTime < 10.1, String(video.currentTime));
  replay.close();
});

test('the window moves on: new segments follow, lost segments are left out', async () => {
  const { clock, loaded, video, replay } = started({
    load: (segment) => (segment.start === 2 * S ? Promise.resolve(null) : undefined),
  });
  replay.take(windowOf([2, 4], [4, 6]));
  replay.seek(2.5 * S);
  await clock.advance(500);
  assert.ok(video.currentTime >= 4 && video.currentTime < 4.1);
  replay.take(windowOf([4, 6], [6, 8]));
  await clock.advance(200);
  assert.deepEqual(loaded, [2, 4, 6]);
  replay.close();
});

test('requests that fail are repeated, at most three times', async () => {
  const { clock, told, loaded, replay } = started({
    load: () => Promise.reject(new Error('no network')),
  });
  replay.take(windowOf(...TWOS));
  replay.seek(3 * S);
  await clock.advance(2_500);
  assert.equal(loaded.length, 3);
  assert.deepEqual(told, []);
  await clock.advance(1_500);
  assert.deepEqual(told, ['broken Error: no network']);
  replay.close();
});

test('a request without an answer is repeated', async () => {
  const { clock, video, told, loaded, replay } = started({
    load: (_, signal) =>
      loaded.length === 1
        ? new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
        : undefined,
  });
  replay.take(windowOf(...TWOS));
  replay.seek(3 * S);
  await clock.advance(14_900);
  assert.deepEqual([loaded, video.seeks], [[2], []]);
  await clock.advance(1_500);
  assert.deepEqual([loaded.slice(0, 3), video.seeks], [[2, 2, 4], [3]]);
  assert.deepEqual(told, ['shown']);
  replay.close();
});

test('another profile changes the type, and another number of tracks needs another player', async () => {
  const { clock, told, replay, buffer } = started();
  replay.take(windowOf([0, 2], [2, 4, true, 1], [4, 6, true, 2]));
  replay.seek(0);
  await clock.advance(500);
  assert.deepEqual(buffer().types, [
    'video/mp4; codecs="avc1.42C01F,opus"',
    'video/mp4; codecs="avc1.640028,opus"',
  ]);
  assert.deepEqual(told.slice(-1), ['broken the tracks of the live have changed']);
  replay.close();
});

test('media far behind the playhead is removed', async () => {
  const { clock, video, replay, buffer } = started();
  replay.take(windowOf(...Array.from({ length: 60 }, (_, n) => [2 * n, 2 * n + 2])));
  replay.seek(0);
  for (let n = 0; n < 50; n++) {
    video.advance(1);
    await clock.advance(300);
  }
  assert.ok(buffer().ranges[0][0] >= 5 * S, String(buffer().ranges));
  assert.equal(buffer().ranges.length, 1);
  replay.close();
  assert.equal(clock.timers, 0);
});
