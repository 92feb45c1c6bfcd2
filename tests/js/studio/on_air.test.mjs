// What the creator sees while live, on a fake page, clock and server.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { Notice } from '../../../web/js/studio/notice.js';
import { OnAir } from '../../../web/js/studio/on_air.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';
import { FakeServer } from '../fixtures/fake_server.mjs';
import { fakePeerConnections, fakeStream } from '../fixtures/fake_webrtc.mjs';

const ROOM = {
  room: 'abc',
  title: 'A title',
  key: 'key',
  whip: 'http://server/whip/abc',
  watch: 'http://server/r/abc',
  ice_servers: [],
  since: 1_790_000_000,
};

class Bench {
  clock = new FakeClock();
  whip = new FakeServer();
  connections = fakePeerConnections();
  panel = {
    camera: { stream: fakeStream(), paused: false, reportFrozen() {} },
    cameraLost: false,
  };
  over = [];
  elsewhere = 0;
  /** What the server says of the room; a number is the status of a refusal. */
  state = 'live';
  viewers = 0;

  constructor(options) {
    this.byId = fakePage(options);
    const api = new FakeServer();
    api.onrequest = (request) => this.#answer(request);
    const environment = fakeEnvironment(this.clock, {
      fetch: (url, init) => (url.startsWith('/api/') ? api : this.whip).fetch(url, init),
      RTCPeerConnection: this.connections,
    });
    this.onAir = new OnAir(
      ROOM,
      this.panel,
      new Notice(),
      { over: (why) => this.over.push(why), elsewhere: () => this.elsewhere++ },
      environment,
    );
  }

  #answer(request) {
    if (typeof this.state === 'number') return request.refuse(this.state, { error: 'no' });
    const room = { state: this.state, viewers: this.viewers };
    const audience = { watching: this.viewers, reporting: 0, playing: 0 };
    request.answer(200, JSON.stringify({ room, ingest: null, audience }));
  }

  get pc() {
    return this.connections.made.at(-1);
  }

  get attempts() {
    return this.whip.of('POST').length;
  }

  get notice() {
    return this.byId('notice').hidden ? '' : this.byId('notice-text').textContent;
  }

  get countdown() {
    return this.byId('notice-countdown').textContent;
  }

  get shown() {
    return [document.body.dataset.link, this.byId('link-state').textContent];
  }

  async connect() {
    await settle();
    this.whip.of('POST').at(-1).answer(201, 'answer', { Location: 'session' });
    await settle();
    this.pc.become('connected');
    await settle();
  }

  /** The clock moves; the server's reports and its answers arrive. */
  async run(ms) {
    for (let passed = 0; passed < ms; passed += 100) {
      this.pc.stats.received++;
      this.pc.stats.frames++;
      await this.clock.advance(100);
      await new Promise(setImmediate);
    }
  }
}

/** A bench that is closed when its test ends. */
function make(t, options) {
  const bench = new Bench(options);
  t.after(() => bench.onAir.close());
  return bench;
}

test('connecting, live, and the time and viewers of the live', async (t) => {
  const bench = make(t);
  assert.deepEqual(bench.shown, ['connecting', 'Connecting']);
  await bench.connect();
  assert.deepEqual([bench.shown, bench.notice], [['live', 'Live'], '']);
  bench.viewers = 7;
  await bench.run(3_000);
  bench.viewers = 2;
  await bench.run(2_000);
  assert.equal(bench.byId('timer').textContent, '0:05');
  assert.deepEqual([bench.byId('viewers').textContent, bench.onAir.peak], ['2', 7]);
  assert.equal(bench.byId('health-text').textContent, '');
  assert.equal(bench.byId('health-word').textContent, 'Good');
});

test('a loss stays one loss through all attempts, and its end is announced', async (t) => {
  const bench = make(t);
  await bench.connect();
  await bench.run(1_000);
  bench.pc.become('failed');
  for (let n = 0; n < 5; n++) {
    assert.deepEqual(bench.shown, ['lost', 'Reconnecting']);
    assert.match(bench.notice, /^Connection lost/);
    assert.equal(bench.byId('health-word').textContent, 'Off');
    await bench.clock.advance(900);
  }
  await bench.connect();
  assert.deepEqual([bench.shown, bench.notice], [['live', 'Live'], '']);
  assert.equal(bench.byId('toast').textContent, 'You are live again');
});

test('the notice says whether there is a network at all', async (t) => {
  const bench = make(t);
  await bench.connect();
  bench.pc.become('failed');
  Object.defineProperty(globalThis.navigator, 'onLine', { value: false, configurable: true });
  bench.onAir.networkChanged();
  assert.match(bench.notice, /^No network/);
});

test('a server that is not reached at first is no loss', async (t) => {
  const bench = make(t);
  bench.whip.onrequest = (request) => queueMicrotask(request.fail);
  await bench.clock.advance(3_000);
  assert.deepEqual(bench.shown, ['connecting', 'Connecting']);
  assert.match(bench.notice, /^No connection to the server yet/);
});

test('a refusal is shown, counts down, and stays through the next attempt', async (t) => {
  const bench = make(t);
  await settle();
  bench.whip.last.refuse(503, { error: 'All are busy.', code: 'busy', retry_after: 3 });
  await settle();
  const seen = [];
  for (let n = 0; n < 4; n++) {
    seen.push([bench.notice, bench.countdown]);
    await bench.clock.advance(n === 2 ? 900 : 1_000);
  }
  assert.deepEqual(seen.slice(0, 3), [
    ['All are busy.', 'Next attempt in 3 s'],
    ['All are busy.', 'Next attempt in 2 s'],
    ['All are busy.', 'Next attempt in 1 s'],
  ]);
  assert.equal(bench.attempts, 2);
  assert.deepEqual([bench.notice, bench.countdown], ['All are busy.', '']);
  await bench.connect();
  assert.equal(bench.notice, '');
});

test('a refusal for good ends the live', async (t) => {
  const bench = make(t);
  await settle();
  bench.whip.last.refuse(403, { error: 'Not your room.', code: 'x' });
  await settle();
  assert.deepEqual(bench.over, ['The server refused to continue: Not your room.']);
});

test('a server without media gets a new session, at most every ten seconds', async (t) => {
  const bench = make(t);
  await bench.connect();
  await bench.run(2_000);
  bench.state = 'away';
  await bench.run(2_000);
  assert.deepEqual([bench.byId('link-state').textContent, bench.attempts], ['Away', 1]);
  await bench.run(2_000);
  assert.equal(bench.attempts, 2);
  await bench.connect();
  await bench.run(8_000);
  assert.equal(bench.attempts, 2);
  await bench.run(3_000);
  assert.equal(bench.attempts, 3);
});

test('without a camera a server without media is no reason for a new session', async (t) => {
  const bench = make(t);
  bench.panel.cameraLost = true;
  await bench.connect();
  bench.state = 'away';
  await bench.run(8_000);
  assert.equal(bench.attempts, 1);
});

test('a room that the server has ended is over', async (t) => {
  const bench = make(t);
  await bench.connect();
  await bench.run(500);
  bench.state = 410;
  await bench.run(3_000);
  assert.equal(bench.over.length, 1);
});

test('closing leaves no timer, connection or notice', async (t) => {
  const bench = make(t);
  await bench.connect();
  await bench.run(1_000);
  bench.pc.become('failed');
  bench.onAir.close();
  await settle();
  assert.deepEqual([bench.clock.timers, bench.connections.open.length, bench.notice], [0, 0, '']);
  assert.deepEqual((await navigator.locks.query()).held, []);
});

test('another tab that goes live takes over', async (t) => {
  const first = make(t);
  await first.connect();
  const second = make(t);
  await second.connect();
  await new Promise(setImmediate);
  assert.deepEqual([first.elsewhere, second.elsewhere], [1, 0]);
});
