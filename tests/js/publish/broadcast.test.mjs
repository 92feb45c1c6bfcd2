// The life of a broadcast, by its table, on a fake clock and a fake network.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Broadcast } from '../../../web/js/publish/broadcast.js';
import {
  BroadcastEvent as E,
  BroadcastState as S,
  TRANSITIONS,
} from '../../../web/js/publish/broadcast_state.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { FakeServer } from '../fixtures/fake_server.mjs';
import { fakePeerConnections, fakeStream } from '../fixtures/fake_webrtc.mjs';

const ANSWER = 'm=video 9\r\nb=TIAS:3750000\r\na=rtcp-fb:96 transport-cc\r\n';
const ICE = 'a=ice-ufrag:new\r\na=ice-pwd:fresh\r\n'; // the server's answer to a restart
const CONNECTED = [S.LIVE, S.DOUBTED, S.DISCONNECTED];

/** A broadcast on a fake clock, server and WebRTC. */
class Bench {
  clock = new FakeClock();
  server = new FakeServer();
  connections = fakePeerConnections();
  states = [];
  samples = 0;
  frozen = 0;
  refused = [];
  over = [];

  constructor() {
    const environment = fakeEnvironment(this.clock, {
      fetch: this.server.fetch,
      RTCPeerConnection: this.connections,
    });
    const target = { endpoint: 'http://server/whip/abc', key: 'key', iceServers: [] };
    this.broadcast = new Broadcast(
      target,
      fakeStream(),
      {
        state: (state, before) => this.states.push([before, state]),
        sample: () => this.samples++,
        frozen: () => this.frozen++,
        refused: (error, wait) => this.refused.push([error.message, error.code, wait]),
        over: (error) => this.over.push(error.message),
      },
      environment,
    );
  }

  get pc() {
    return this.connections.made.at(-1);
  }

  get state() {
    return this.broadcast.state;
  }

  get attempts() {
    return this.server.of('POST').length;
  }

  get restarts() {
    return this.server.of('PATCH').length;
  }

  async accept() {
    await settle();
    this.server.of('POST').at(-1).answer(201, ANSWER, { Location: 'session' });
    await settle();
  }

  async connect() {
    await this.accept();
    this.pc.become('connected');
    await settle();
  }

  /** The clock moves and the server's reports arrive. */
  async run(ms) {
    for (let passed = 0; passed < ms; passed += 100) {
      this.pc.stats.received++;
      this.pc.stats.frames++;
      await this.clock.advance(100);
    }
  }
}

/** Brings a new broadcast into each state. */
const REACH = {
  [S.IDLE]: async () => {},
  [S.CONNECTING]: async (bench) => {
    bench.broadcast.start();
    await settle();
  },
  [S.WAITING]: async (bench) => {
    bench.broadcast.start();
    await settle();
    bench.server.last.answer(503, 'busy', { 'Retry-After': '5' });
    await settle();
  },
  [S.LIVE]: async (bench) => {
    bench.broadcast.start();
    await bench.connect();
    await bench.run(1_000);
  },
  [S.DOUBTED]: async (bench) => {
    await REACH[S.LIVE](bench);
    bench.broadcast.networkChanged();
  },
  [S.DISCONNECTED]: async (bench) => {
    await REACH[S.LIVE](bench);
    bench.pc.become('disconnected');
  },
  [S.LOST]: async (bench) => {
    await REACH[S.LIVE](bench);
    bench.pc.become('failed');
    await bench.clock.advance(0);
    bench.server.last.answer(503, 'busy', { 'Retry-After': '5' });
    await settle();
  },
  [S.RECONNECTING]: async (bench) => {
    await REACH[S.LIVE](bench);
    bench.pc.become('failed');
    await bench.clock.advance(0);
  },
  [S.CLOSED]: async (bench) => {
    await REACH[S.LIVE](bench);
    bench.broadcast.close();
  },
};

/** Causes each event from outside; without effect where the event cannot occur in that state. */
const CAUSE = {
  [E.START]: (bench) => bench.broadcast.start(),
  [E.CONNECTED]: (bench) => bench.pc?.become('connected'),
  [E.DISCONNECTED]: (bench) => bench.pc?.become('disconnected'),
  [E.NETWORK_CHANGED]: (bench) => bench.broadcast.networkChanged(),
  [E.SILENT]: (bench) => bench.clock.advance(1_000),
  [E.HEARD]: async (bench) => {
    if (bench.pc) bench.pc.stats.received++;
    await bench.clock.advance(500);
  },
  [E.FAILED]: (bench) => bench.pc?.become('failed'),
  [E.RETRY]: async (bench) => {
    // Longer than the server asked to wait; a connection keeps receiving meanwhile.
    for (
      let passed = 0;
      passed < 5_000 && bench.state !== S.CONNECTING && bench.state !== S.RECONNECTING;
      passed += 100
    ) {
      if (bench.pc) bench.pc.stats.received++;
      await bench.clock.advance(100);
    }
  },
  [E.CLOSE]: (bench) => bench.broadcast.close(),
};

test('the table names all states and known events, and leads to every state but the first', () => {
  assert.deepEqual(Object.keys(TRANSITIONS).sort(), Object.values(S).sort());
  const rows = Object.values(TRANSITIONS);
  assert.deepEqual(new Set(rows.flatMap(Object.keys)), new Set(Object.values(E)));
  assert.deepEqual(new Set([S.IDLE, ...rows.flatMap(Object.values)]), new Set(Object.values(S)));
});

/**
 * The state after each event in each state, in the order of EVENTS. Of two, time decides: during
 * the wait for a retry, bytes from the server or a deadline change the state.
 */
const EVENTS = [
  ...[E.START, E.CONNECTED, E.DISCONNECTED, E.NETWORK_CHANGED, E.SILENT],
  ...[E.HEARD, E.FAILED, E.RETRY, E.CLOSE],
];
// prettier-ignore
const GRID = {
  idle:         ['connecting', 'idle', 'idle', 'idle', 'idle',
                 'idle', 'idle', 'idle', 'closed'],
  connecting:   ['connecting', 'live', 'connecting', 'connecting', 'connecting',
                 'connecting', 'waiting', 'connecting', 'closed'],
  waiting:      ['waiting', 'waiting', 'waiting', 'waiting', 'waiting',
                 'waiting', 'waiting', 'connecting', 'closed'],
  live:         ['live', 'live', 'disconnected', 'doubted', 'doubted',
                 'live', 'lost', 'live', 'closed'],
  doubted:      ['doubted', 'live', 'disconnected', 'doubted', 'doubted',
                 'live', 'lost', 'doubted or live', 'closed'],
  disconnected: ['disconnected', 'live', 'disconnected', 'disconnected', 'disconnected',
                 'disconnected', 'lost', 'disconnected or lost or reconnecting', 'closed'],
  lost:         ['lost', 'lost', 'lost', 'lost', 'lost',
                 'lost', 'lost', 'reconnecting', 'closed'],
  reconnecting: ['reconnecting', 'live', 'reconnecting', 'reconnecting', 'reconnecting',
                 'reconnecting', 'lost', 'reconnecting', 'closed'],
  closed:       ['closed', 'closed', 'closed', 'closed', 'closed',
                 'closed', 'closed', 'closed', 'closed'],
};

test('each event in each state leads to the expected state', async (t) => {
  assert.deepEqual(Object.keys(GRID), Object.values(S));
  assert.deepEqual(EVENTS, Object.values(E));
  for (const [state, row] of Object.entries(GRID)) {
    for (const [n, event] of EVENTS.entries()) {
      const expected = row[n].split(' or ');
      await t.test(`${state}: ${event}`, async () => {
        const bench = new Bench();
        await REACH[state](bench);
        assert.equal(bench.state, state);
        const changes = bench.states.length;
        await CAUSE[event](bench);
        await settle();
        assert.ok(expected.includes(bench.state), `${bench.state} instead of ${expected}`);
        if (bench.state === state)
          assert.equal(bench.states.length, changes, 'reported without a change');
        else assert.deepEqual(bench.states.at(-1)[1], bench.state);
        assert.ok(bench.connections.open.length <= 1, 'two connections at a time');
        bench.broadcast.close();
        await settle();
        assert.equal(bench.clock.timers, 0, 'a timer is left');
        assert.equal(bench.connections.open.length, 0);
        assert.equal(bench.state, S.CLOSED);
        assert.ok(
          bench.states.every(([before, after]) =>
            Object.values(TRANSITIONS[before]).includes(after),
          ),
        );
      });
    }
  }
});

test('a working live stays live, samples once a second and reports no frozen camera', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  bench.samples = 0;
  await bench.run(10_000);
  assert.equal(bench.state, S.LIVE);
  assert.equal(bench.samples, 10);
  assert.equal(bench.frozen, 0);
});

test('silence restarts ICE, then ends the session; then the next attempt starts', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  await bench.clock.advance(1_000);
  assert.deepEqual([bench.state, bench.restarts], [S.DOUBTED, 1]);
  bench.server.last.answer(200, ICE);
  await bench.clock.advance(1_400);
  assert.deepEqual([bench.state, bench.restarts, bench.attempts], [S.DOUBTED, 1, 1]);
  await bench.clock.advance(600);
  assert.equal(bench.state, S.RECONNECTING);
  assert.equal(bench.attempts, 2);
  await bench.connect();
  assert.equal(bench.state, S.LIVE);
});

test('a silence in which the server cannot be reached ends within two seconds', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  await bench.clock.advance(2_000);
  assert.deepEqual([bench.state, bench.restarts], [S.RECONNECTING, 1]);
});

test('a network change restarts ICE at once, and the same session goes on', async () => {
  const bench = new Bench();
  await REACH[S.DOUBTED](bench);
  await settle();
  assert.equal(bench.server.last.headers['If-Match'], '*');
  bench.server.last.answer(200, ICE);
  await settle();
  assert.match(bench.pc.localDescription.sdp, /a=ice-ufrag:abcd1/);
  assert.equal(bench.state, S.DOUBTED);
  await bench.run(1_500);
  assert.deepEqual([bench.state, bench.restarts, bench.attempts], [S.LIVE, 1, 1]);
});

test('a restart that the server refuses leads to a new session at once', async () => {
  for (const state of [S.DOUBTED, S.DISCONNECTED]) {
    const bench = new Bench();
    await REACH[state](bench);
    await settle();
    bench.server.last.refuse(404, { error: 'no', code: 'session_not_found' });
    await bench.clock.advance(0);
    assert.deepEqual([bench.state, bench.attempts], [S.RECONNECTING, 2]);
  }
});

test('a restart that does not reach the server is tried again until the silence ends', async () => {
  const bench = new Bench();
  await REACH[S.DOUBTED](bench);
  await settle();
  bench.server.last.fail();
  await bench.clock.advance(300);
  assert.deepEqual([bench.state, bench.restarts], [S.DOUBTED, 2]);
  bench.broadcast.networkChanged();
  await settle();
  const [, second, third] = bench.server.of('PATCH');
  assert.deepEqual([second.aborted, third.aborted], [true, false]);
  bench.server.last.answer(200, ICE);
  await bench.run(1_500);
  assert.deepEqual([bench.state, bench.restarts, bench.attempts], [S.LIVE, 3, 1]);
});

test('a silence does not begin the requests of a running restart anew', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  await bench.clock.advance(100);
  bench.pc.stats.received++;
  bench.broadcast.networkChanged();
  await bench.clock.advance(500);
  assert.equal(bench.state, S.LIVE, 'bytes came just before the move');
  await bench.clock.advance(100);
  const [first, second] = bench.server.of('PATCH');
  assert.deepEqual([first.aborted, second.aborted], [true, false], 'the first had 0.5 s');
  await bench.clock.advance(800);
  assert.deepEqual([bench.state, bench.restarts], [S.DOUBTED, 2]);
  assert.equal(second.aborted, false);
  second.answer(200, ICE);
  await bench.run(600);
  assert.deepEqual([bench.state, bench.attempts], [S.LIVE, 1]);
});

test('a restart that is refused while media flows has no effect', async () => {
  const bench = new Bench();
  await REACH[S.DOUBTED](bench);
  await bench.run(600);
  assert.equal(bench.state, S.LIVE);
  bench.server.last.refuse(422, { error: 'no', code: 'bad_ice_restart' });
  await bench.run(2_000);
  assert.deepEqual([bench.state, bench.attempts], [S.LIVE, 1]);
});

test('a disconnected transport has 2.5 s to reconnect, also while bytes arrive', async () => {
  const bench = new Bench();
  await REACH[S.DISCONNECTED](bench);
  await bench.run(2_400);
  assert.equal(bench.state, S.DISCONNECTED);
  assert.ok(bench.restarts > 0);
  await bench.run(200);
  assert.equal(bench.state, S.RECONNECTING);
});

test('a browser that does not count received bytes never counts as silent', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  bench.pc.stats.received = undefined;
  await bench.clock.advance(20_000);
  assert.equal(bench.state, S.LIVE);
});

test('the first attempt may take ten seconds, the first one after a loss 1.5 seconds', async () => {
  const bench = new Bench();
  bench.broadcast.start();
  await bench.clock.advance(7_900);
  assert.deepEqual([bench.state, bench.attempts], [S.CONNECTING, 1]);
  await bench.accept();
  await bench.clock.advance(2_200);
  assert.equal(bench.attempts, 2);
  await bench.connect();
  bench.pc.become('failed');
  await bench.clock.advance(1_400);
  const before = bench.attempts;
  await bench.clock.advance(1_300);
  assert.equal(bench.attempts, before + 1);
});

test('a temporary refusal is reported; its wait holds when the network changes', async () => {
  const bench = new Bench();
  bench.broadcast.start();
  await settle();
  bench.server.last.refuse(503, {
    error: 'Too many transcoders.',
    code: 'busy',
    retry_after: 7,
  });
  await bench.clock.advance(6_900);
  assert.deepEqual(bench.refused, [['Too many transcoders.', 'busy', 7_000]]);
  bench.broadcast.networkChanged();
  await settle();
  assert.equal(bench.attempts, 1);
  await bench.clock.advance(200);
  assert.equal(bench.attempts, 2);
});

test('a final refusal closes the broadcast', async () => {
  const bench = new Bench();
  bench.broadcast.start();
  await settle();
  bench.server.last.refuse(409, { error: 'This room has ended.', code: 'over' });
  await settle();
  assert.deepEqual(bench.over, ['This room has ended.']);
  assert.equal(bench.state, S.CLOSED);
  await bench.clock.advance(60_000);
  assert.equal(bench.attempts, 1);
  assert.equal(bench.clock.timers, 0);
});

test('network changes start attempts at once, but at most one a second', async () => {
  const bench = new Bench();
  await REACH[S.RECONNECTING](bench);
  bench.broadcast.networkChanged();
  const before = bench.attempts;
  await bench.clock.advance(1_000);
  bench.broadcast.networkChanged();
  bench.broadcast.networkChanged();
  await settle();
  assert.equal(bench.attempts, before + 1);
});

test('an unreachable server is tried at least once a second in the first minute', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  bench.server.onrequest = (request) => request.method === 'POST' && queueMicrotask(request.fail);
  bench.pc.become('failed');
  await bench.clock.advance(30_000);
  assert.ok(bench.attempts > 30, `${bench.attempts}`);
  assert.deepEqual(bench.refused, [], 'an unreachable server refuses nothing');
  bench.server.onrequest = () => {};
  await bench.clock.advance(1_000);
  await bench.connect();
  assert.equal(bench.state, S.LIVE);
});

test('renew replaces the session, and only while connected', async () => {
  for (const state of Object.values(S)) {
    const bench = new Bench();
    await REACH[state](bench);
    bench.broadcast.renew();
    await settle();
    assert.equal(bench.state, CONNECTED.includes(state) ? S.LOST : state);
    bench.broadcast.close();
  }
});

/** Begins to move. Returns the connections of the present and of the next session. */
async function move(bench) {
  await REACH[S.LIVE](bench);
  const { pc } = bench;
  bench.broadcast.move();
  bench.broadcast.move(); // the server asks again and again
  await settle();
  assert.equal(bench.attempts, 2);
  return [pc, bench.pc];
}

test('a move keeps the session until the next one is connected', async () => {
  const bench = new Bench();
  const [pc, next] = await move(bench);
  const states = bench.states.length;
  await bench.accept();
  assert.deepEqual(bench.connections.open, [pc, next]);
  pc.become('closed'); // the server has taken the new session already
  next.become('connected');
  await bench.run(2_000);
  assert.deepEqual(bench.connections.open, [next]);
  assert.deepEqual([bench.state, bench.states.length, bench.attempts], [S.LIVE, states, 2]);
});

test('a move that fails changes nothing, and the next one is tried', async () => {
  for (const fail of [
    async (bench) => bench.server.of('POST').at(-1).answer(503, 'closing', { 'Retry-After': '1' }),
    async (bench) => bench.server.of('POST').at(-1).answer(409, 'ended'),
    async (bench) => bench.server.of('POST').at(-1).fail(),
    async (bench, next) => (await bench.accept(), next.become('failed')),
    async (bench, next, pc) => {
      await bench.accept();
      for (let passed = 0; passed < 10_000; passed += 100) {
        pc.stats.received++;
        pc.stats.frames++;
        await bench.clock.advance(100);
      }
    },
  ]) {
    const bench = new Bench();
    const [pc, next] = await move(bench);
    await fail(bench, next, pc);
    await settle();
    assert.deepEqual([bench.state, bench.connections.open, bench.refused], [S.LIVE, [pc], []]);
    bench.broadcast.move();
    await settle();
    assert.equal(bench.attempts, 3);
  }
});

test('a session that is lost during a move is replaced as any other', async () => {
  const bench = new Bench();
  const [pc, next] = await move(bench);
  pc.become('failed');
  assert.equal(bench.state, S.LIVE);
  bench.server.of('POST').at(-1).answer(503, 'closing');
  await settle();
  assert.equal(bench.state, S.LOST);
  await bench.clock.advance(0);
  assert.equal(bench.state, S.RECONNECTING);
  assert.deepEqual(bench.connections.open, [bench.pc]);
  assert.notEqual(bench.pc, next);
});

test('only a connected broadcast moves, and its end leaves nothing open', async () => {
  for (const [state, reach] of Object.entries(REACH)) {
    const bench = new Bench();
    await reach(bench);
    const before = bench.attempts;
    bench.broadcast.move();
    await settle();
    assert.equal(bench.attempts, before + (CONNECTED.includes(state) ? 1 : 0), state);
    bench.broadcast.close();
    await settle();
    assert.deepEqual([bench.connections.open, bench.clock.timers], [[], 0], state);
  }
});

test('a track that is replaced during a move is replaced in both sessions', async () => {
  const bench = new Bench();
  const connections = await move(bench);
  const track = { kind: 'video' };
  await bench.broadcast.replaceTrack(track);
  assert.ok(connections.every((pc) => pc.senders[0].track === track));
});

test('end deletes the session on the server; close does not', async () => {
  for (const [how, deletes] of [
    ['end', 1],
    ['close', 0],
  ]) {
    const bench = new Bench();
    await REACH[S.LIVE](bench);
    bench.server.onrequest = (request) => request.answer(204);
    await bench.broadcast[how]();
    assert.equal(bench.server.of('DELETE').length, deletes);
    assert.equal(bench.connections.open.length, 0);
    assert.equal(bench.clock.timers, 0);
  }
});

test('a camera without frames is reported, but not while a new track starts', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  const beat = async (ms) => {
    for (let passed = 0; passed < ms; passed += 100) {
      bench.pc.stats.received++;
      await bench.clock.advance(100);
    }
  };
  await beat(2_500);
  assert.ok(bench.frozen > 0);
  await bench.broadcast.replaceTrack({ kind: 'video' });
  assert.equal(bench.pc.senders[0].track.kind, 'video');
  bench.frozen = 0;
  await beat(3_000);
  assert.equal(bench.frozen, 0);
});

test('a weak path lowers the level of this session and of the next one', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  bench.pc.stats.estimate = 300_000;
  await bench.run(6_000);
  assert.equal(bench.pc.senders[0].parameters.encodings[0].scaleResolutionDownBy, 2);
  bench.pc.become('failed');
  await bench.clock.advance(0);
  assert.equal(bench.connections.made.length, 2);
  assert.equal(bench.pc.senders[0].parameters.encodings[0].scaleResolutionDownBy, 2);
});

test('a path that becomes wide again is probed; a narrow path is not', async () => {
  const bench = new Bench();
  await REACH[S.LIVE](bench);
  for (const estimate of [3_500_000, 850_000, 1_200_000]) {
    bench.pc.stats.estimate = estimate;
    await bench.run(5_000);
  }
  assert.equal(bench.pc.remoteDescription.sdp, ANSWER);
  bench.pc.stats.estimate = 1_500_000;
  await bench.run(2_000);
  assert.equal(bench.pc.remoteDescription.sdp, ANSWER.replace('3750000', '3750001'));
  assert.equal(bench.attempts, 1);
});

test('a browser that cannot make a connection retries and does not throw', async () => {
  const bench = new Bench();
  const clock = new FakeClock();
  const broken = class {
    constructor() {
      throw new TypeError('no');
    }
  };
  const states = [];
  const broadcast = new Broadcast(
    { endpoint: 'http://server/whip/abc', key: 'key', iceServers: [] },
    fakeStream(),
    { state: (state) => states.push(state), sample() {}, frozen() {}, refused() {}, over() {} },
    fakeEnvironment(clock, { fetch: bench.server.fetch, RTCPeerConnection: broken }),
  );
  broadcast.start();
  await clock.advance(0);
  assert.deepEqual(states.slice(0, 3), ['connecting', 'waiting', 'connecting']);
  broadcast.close();
  assert.equal(clock.timers, 0);
});
