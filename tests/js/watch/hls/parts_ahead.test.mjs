import assert from 'node:assert/strict';
import test from 'node:test';
import { PartsAhead } from '../../../../web/js/watch/hls/parts_ahead.js';
import { FakeClock, fakeEnvironment } from '../../fixtures/fake_clock.mjs';

const BASE = 'http://server/hls/room/';
const url = (number) => `${BASE}name/7.${number}.m4s`;

/** A playlist whose newest part is `number`. */
const playlist = (number, { gap = false } = {}) => ({
  url: `${BASE}live.m3u8`,
  partList: Array.from({ length: number + 1 }, (_, n) => ({ url: url(n), gap })),
  preloadHint: { TYPE: 'PART', URI: `name/7.${number + 1}.m4s` },
});

/** `asked`: the numbers of the requested parts; `answer(number, ok)` answers a request. */
function begin() {
  const clock = new FakeClock();
  const asked = [];
  const answers = new Map();
  const fetch = (address, { signal }) =>
    new Promise((resolve, reject) => {
      const number = Number(/7\.(\d+)\.m4s$/.exec(address)[1]);
      asked.push(number);
      signal.addEventListener('abort', () => reject(signal.reason));
      answers.set(number, (ok) =>
        resolve({
          ok,
          status: ok ? 200 : 404,
          arrayBuffer: () => Promise.resolve(new Uint8Array([number]).buffer),
        }),
      );
    });
  const ahead = new PartsAhead(fakeEnvironment(clock, { fetch }));
  return { clock, asked, ahead, answer: (number, ok = true) => answers.get(number)(ok) };
}

/** hls.js's own loader: it keeps what it was asked for. */
class OwnLoader {
  stats = { loading: { start: 0, first: 0, end: 0 }, loaded: 0, total: 0 };
  loaded = [];
  aborted = false;

  load(context) {
    this.loaded.push(context.url);
  }

  abort() {
    this.aborted = true;
  }

  destroy() {}
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A loader that loads a part, and the events that it reports. */
function load(ahead, number, part = {}) {
  const events = [];
  const loader = new (ahead.loader(OwnLoader))();
  loader.load(
    { url: url(number), part },
    {},
    {
      onSuccess: ({ data }) => events.push([...new Uint8Array(data)]),
      onAbort: () => events.push('aborted'),
    },
  );
  return { loader, events };
}

test('nothing is requested until hls.js loads a part', () => {
  const { asked, ahead } = begin();
  ahead.expect(playlist(5));
  assert.deepEqual(asked, []);
  assert.equal(ahead.take(url(5)), null);
  ahead.expect(playlist(5));
  assert.deepEqual(asked, [3, 4, 6]);
});

test('the hinted part is requested once, and each part that the playlist skipped', () => {
  const { asked, ahead } = begin();
  ahead.take(url(3));
  ahead.take(url(4));
  ahead.take(url(5));
  ahead.expect(playlist(5));
  ahead.expect(playlist(6));
  assert.deepEqual(asked, [6, 7]);
  ahead.expect(playlist(8));
  assert.deepEqual(asked, [6, 7, 8, 9]);
});

test('a part that was requested before is not loaded again', async () => {
  const { asked, ahead, answer } = begin();
  load(ahead, 5);
  ahead.expect(playlist(5));
  const { loader, events } = load(ahead, 6);
  assert.deepEqual([loader.loaded, events], [[], []]);
  answer(6);
  await settled();
  assert.deepEqual([loader.loaded, events, loader.stats.total], [[], [[6]], 1]);
  ahead.expect(playlist(6));
  assert.deepEqual(asked, [3, 4, 6, 7]);
});

test('hls.js loads by itself what was not requested, and what is not a part', () => {
  const { ahead } = begin();
  load(ahead, 5);
  ahead.expect(playlist(5));
  assert.deepEqual(load(ahead, 9).loader.loaded, [url(9)]);
  assert.deepEqual(load(ahead, 6, null).loader.loaded, [url(6)]);
});

test('hls.js loads a part by itself if the request ahead fails or takes too long', async () => {
  for (const fail of [
    ({ answer }) => answer(6, false),
    async ({ clock }) => clock.advance(8_000),
  ]) {
    const made = begin();
    load(made.ahead, 5);
    made.ahead.expect(playlist(5));
    const { loader, events } = load(made.ahead, 6);
    await fail(made);
    await settled();
    assert.deepEqual([loader.loaded, events], [[url(6)], []]);
  }
});

test('a loader that hls.js has left reports no part', async () => {
  const { ahead, answer } = begin();
  load(ahead, 5);
  ahead.expect(playlist(5));
  const { loader, events } = load(ahead, 6);
  loader.abort();
  answer(6);
  await settled();
  assert.deepEqual([events, loader.loaded, loader.aborted], [['aborted'], [], false]);
  const own = load(ahead, 9).loader;
  own.abort();
  assert.ok(own.aborted);
});

test('parts that hls.js does not ask for end the requests, until it asks again', () => {
  const { asked, ahead } = begin();
  ahead.take(url(5));
  for (let number = 5; number < 20; number++) ahead.expect(playlist(number));
  const newest = Math.max(...asked);
  assert.ok(newest < 14, `${newest}`);
  ahead.take(url(20));
  ahead.expect(playlist(20));
  assert.equal(Math.max(...asked), 21);
});

test('gaps are not requested', () => {
  const { asked, ahead } = begin();
  ahead.take(url(5));
  ahead.expect({ ...playlist(5, { gap: true }), preloadHint: undefined });
  assert.deepEqual(asked, []);
});
