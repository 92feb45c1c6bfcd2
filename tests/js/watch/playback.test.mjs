// The playback of a room with players, a connection and a viewport that only write down what they
// are asked for.
import '../fixtures/browser.mjs';
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { Ladder } from '../../../web/js/watch/ladder.js';
import { KIND } from '../../../web/js/watch/line/record.js';
import { Playback } from '../../../web/js/watch/playback.js';
import { LIMIT } from '../../../web/js/watch/watchdog.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';

const ALL = {
  isSecureContext: true,
  VideoDecoder: 1,
  AudioDecoder: 1,
  AudioWorkletNode: 1,
  MediaSource: 1,
  RTCPeerConnection: 1,
};
const HELLO = { type: 'hello', stream: 'a', now: 0, tracks: [] };
console.warn = () => {};

class FakePlayer {
  stream = '';
  muted = true;
  closed = false;
  asked = [];
  figures = { frames: 0, stalls: 0, playing: false };

  constructor(name, events) {
    this.name = name;
    this.events = events;
  }

  hello(hello) {
    this.stream = hello.stream;
    this.asked.push('hello');
  }

  record({ kind }) {
    this.asked.push(`record ${kind}`);
  }

  resume = () => void this.asked.push('resume');
  stats = () => this.figures;
  close = () => void (this.closed = true);
}

class FakeConnection {
  asked = [];
  bytes = 0;
  url = '';
  clock = {};
  listener = {};
  take = (holder) => void this.asked.push(holder ? 'take player' : 'take page');
  open = () => void this.asked.push('open');
  close = () => void this.asked.push('close');
  begin = () => void this.asked.push('begin');
  restart = () => void this.asked.push('restart');
}

/** A playback that has started. `make` may replace how players are made. */
function started({
  scope = ALL,
  player = null,
  make = null,
  expecting = () => true,
  standby = false,
} = {}) {
  const clock = new FakeClock();
  const connection = new FakeConnection();
  const told = [];
  const shown = [];
  const players = [];
  const makePlayer = (name, { events }) => {
    const made = make?.(name, events, players) ?? new FakePlayer(name, events);
    if (made instanceof FakePlayer) players.push(made);
    return made;
  };
  const state = { hidden: false };
  const viewport = {
    video: {},
    ...Object.fromEntries(
      ['show', 'drop', 'hold', 'release', 'resize'].map((name) => [
        name,
        () => void shown.push(name),
      ]),
    ),
  };
  const playback = new Playback({
    room: 'room',
    ladder: new Ladder(scope, player),
    connection,
    viewport,
    players: { make: makePlayer },
    expecting,
    isHidden: () => state.hidden,
    events: {
      picture: () => void told.push('picture'),
      moving: () => void told.push('moving'),
      blocked: () => void told.push('blocked'),
      hopeless: (reason) => void told.push(`hopeless: ${reason}`),
    },
    environment: fakeEnvironment(clock),
  });
  playback.standby = standby;
  playback.start();
  return { clock, connection, told, shown, players, playback, state, last: () => players.at(-1) };
}

test('the best player gets the hello and the records', () => {
  const { playback, players, shown, told } = started();
  playback.hello(HELLO);
  playback.record({ kind: KIND.INIT }, 1);
  assert.deepEqual(
    players.map(({ name }) => name),
    ['webcodecs'],
  );
  assert.deepEqual(players[0].asked, ['hello', 'record 1']);
  players[0].events.picture();
  assert.deepEqual([shown, told], [['show', 'release'], ['picture']]);
});

test('a player that loads gets what arrived meanwhile; then its connection begins', async () => {
  let ready;
  const { playback, players, connection } = started({
    player: 'hls',
    make: (name, events) =>
      new Promise(
        (resolve) =>
          (ready = () => resolve(players[players.push(new FakePlayer(name, events)) - 1])),
      ),
  });
  playback.hello(HELLO);
  for (const kind of [KIND.INIT, KIND.MEDIA]) playback.record({ kind }, 1);
  assert.equal(playback.stats().frames, 0);
  ready();
  await settle();
  assert.deepEqual(players[0].asked, ['hello', 'record 1', 'record 2']);
  assert.deepEqual(connection.asked, ['take page', 'begin']);
});

test('a player that has loaded too late is closed', async () => {
  let ready;
  const { playback, players, shown } = started({
    player: 'hls',
    make: (name, events) =>
      new Promise(
        (resolve) =>
          (ready = () => resolve(players[players.push(new FakePlayer(name, events)) - 1])),
      ),
  });
  playback.close();
  ready();
  await settle();
  assert.deepEqual([players[0].closed, shown], [true, []]);
});

/** A playback of HLS players that load until `load(n)`. */
function loading() {
  const loads = [];
  const all = started({
    player: 'hls',
    make: (name, events, players) =>
      new Promise((resolve) => {
        const player = new FakePlayer(name, events);
        loads.push(() => {
          players.push(player);
          resolve(player);
          return settle();
        });
      }),
  });
  return { ...all, loads, load: (n) => loads[n]() };
}

test('of two players of one path that load, the first is closed and the second plays', async () => {
  const { clock, playback, players, loads, load } = loading();
  await clock.advance(LIMIT + 2_000); // the watchdog starts another
  assert.equal(loads.length, 2);
  await load(0);
  assert.deepEqual([players[0].closed, playback.player], [true, null]);
  await load(1);
  assert.deepEqual([players[1].closed, playback.player], [false, players[1]]);
});

test('of two players of one path, what the first one reports changes nothing', async () => {
  const { clock, playback, players, shown, told, loads, load } = loading();
  await clock.advance(LIMIT + 2_000);
  await load(0);
  await load(1);
  for (const list of [shown, told]) list.splice(0);
  const { events } = players[0];
  events.picture();
  events.sized(1, 2);
  events.blocked();
  events.broken('late', false);
  assert.deepEqual([shown, told, playback.rebuilds, loads.length], [[], [], 1, 2]);
});

test('a load that fails after another of the same path has begun changes nothing', async () => {
  const fails = [];
  const { clock, playback } = started({
    player: 'hls',
    make: () => new Promise((_, reject) => fails.push(() => reject(new Error('no module')))),
  });
  await clock.advance(LIMIT + 2_000);
  assert.deepEqual([fails.length, playback.rebuilds], [2, 1]);
  fails[0]();
  await settle();
  assert.deepEqual([fails.length, playback.rebuilds], [2, 1]);
});

test('records for a player that loads are bounded; the init segments stay', async () => {
  let ready;
  const { playback, players } = started({
    player: 'hls',
    make: (name, events) =>
      new Promise(
        (resolve) =>
          (ready = () => resolve(players[players.push(new FakePlayer(name, events)) - 1])),
      ),
  });
  for (const kind of [KIND.INIT, KIND.INIT, ...Array(1_600).fill(KIND.MEDIA)])
    playback.record({ kind }, 1);
  ready();
  await settle();
  assert.deepEqual(players[0].asked.slice(0, 2), ['record 1', 'record 1']);
  assert.ok(players[0].asked.length < 200);
});

test('a failed player is made again at once; after a second failure the path changes', async () => {
  const { clock, connection, players, playback, shown } = started();
  players[0].events.broken('bad', false);
  await clock.advance(0);
  assert.deepEqual(
    players.map(({ name }) => name),
    ['webcodecs', 'webcodecs'],
  );
  assert.deepEqual(
    [players[0].closed, playback.rebuilds, connection.asked.at(-1)],
    [true, 1, 'restart'],
  );
  assert.deepEqual(shown, ['show', 'hold', 'drop', 'show']);
  await clock.advance(1_000);
  players[1].events.broken('bad', false);
  assert.equal(players[2].name, 'mse');
  assert.match(connection.url, /^ws:\/\/host\/ws\/room\?player=mse&/);
});

test('a failure that comes soon after a rebuild waits before it reconnects', async () => {
  const { clock, connection, players } = started({ player: 'mse' });
  players[0].events.broken('bad', false);
  await clock.advance(0);
  connection.asked = [];
  await clock.advance(1_000);
  players[1].events.broken('bad', false);
  await clock.advance(1_400);
  assert.deepEqual(connection.asked, ['take page', 'take page']);
  await clock.advance(100);
  assert.equal(connection.asked.at(-1), 'restart');
});

test('a rebuild opens no connection of the page while a player with its own loads', async () => {
  let ready;
  const { clock, connection, players } = started({
    player: 'webcodecs',
    make: (name, events, players) => {
      const player = Object.assign(new FakePlayer(name, events), { connection: {} });
      if (!players.length) return player;
      return new Promise((resolve) => (ready = () => resolve(player)));
    },
  });
  players[0].events.broken('bad', false);
  connection.asked = [];
  await clock.advance(0);
  assert.deepEqual(connection.asked, []);
  ready();
  await settle();
  assert.deepEqual(connection.asked, ['take player', 'begin']);
});

test('what a replaced player reports changes nothing', () => {
  const { players } = started({ player: null });
  players[0].events.broken('bad', true);
  assert.equal(players[1].name, 'mse');
  players[0].events.broken('late', true);
  assert.equal(players.length, 2);
});

test('another stream gets another player', () => {
  const { playback, players, connection } = started();
  playback.hello(HELLO);
  playback.hello(HELLO);
  assert.equal(players.length, 1);
  playback.hello({ ...HELLO, stream: 'b' });
  assert.equal(players.length, 2);
  assert.deepEqual([players[1].stream, connection.asked.at(-1)], ['b', 'begin']);
});

test('the mute state moves to the next player', () => {
  const { playback, players } = started();
  playback.muted = false;
  assert.equal(players[0].muted, false);
  players[0].events.broken('bad', true);
  assert.deepEqual([playback.muted, players[1].muted], [false, false]);
});

test('without a single player it says so', () => {
  assert.match(started({ scope: {} }).told[0], /^hopeless: This browser has no player “hls”/);
  const throws = started({
    scope: { MediaSource: 1 },
    player: 'mse',
    make: () => {
      throw new Error('no source');
    },
  });
  assert.deepEqual(throws.told, ['hopeless: Try another browser. The reason: no source']);
});

test('a close for want of a codec changes the path on a new connection', () => {
  const { playback, players, connection } = started();
  connection.asked = [];
  playback.undecodable();
  assert.equal(players[1].name, 'mse');
  assert.deepEqual([connection.asked[0], connection.asked.at(-1)], ['close', 'open']);
});

test('a network that blocks WebSockets leads to a path without one', () => {
  const { playback, players } = started();
  playback.blocked();
  assert.equal(players.at(-1).name, 'whep');
});

test('the watchdog makes a player again that shows nothing although bytes arrive', async () => {
  const { clock, connection, players } = started();
  const arrive = async (ms) => {
    for (let n = 0; n < ms / 1_000; n++) {
      connection.bytes += 1_000;
      await clock.advance(1_000);
    }
  };
  await arrive(LIMIT);
  assert.equal(players.length, 1);
  await arrive(2_000);
  assert.equal(players.length, 2);
});

for (const [why, change] of Object.entries({
  'the page is hidden': ({ state }) => (state.hidden = true),
  'the browser waits for a tap': ({ players }) => players[0].events.blocked(),
  'the room is not live': ({ room }) => (room.live = false),
})) {
  test(`the watchdog sleeps while ${why}`, async () => {
    const room = { live: true };
    const all = started({ expecting: () => room.live });
    change({ ...all, room });
    for (let n = 0; n < 30; n++) {
      all.connection.bytes += 1_000;
      await all.clock.advance(1_000);
    }
    assert.equal(all.players.length, 1);
  });
}

test('stalls of the player lead the ladder down, and after its rest up again', async () => {
  const { clock, players, last } = started();
  for (let n = 1; n <= 4; n++) {
    last().figures = { frames: n, stalls: n, playing: true };
    await clock.advance(1_000);
  }
  assert.equal(last().name, 'mse');
  for (let n = 1; n <= 61; n++) {
    last().figures = { frames: n, stalls: 0, playing: true };
    await clock.advance(1_000);
  }
  assert.deepEqual(
    players.map(({ name }) => name),
    ['webcodecs', 'mse', 'webcodecs'],
  );
});

test('close leaves no timer, and what a player says afterwards changes nothing', async () => {
  const { clock, players, playback, told } = started();
  players[0].events.broken('bad', false);
  playback.close();
  assert.equal(clock.timers, 0);
  players[1].events.broken('bad', true);
  players[1].events.picture();
  assert.deepEqual([players.length, told, players[1].closed], [2, [], true]);
});

test('a player of the WebSocket stays through a standby, silent', () => {
  const { playback, players, told, shown } = started({ player: 'mse', standby: true });
  const [player] = players;
  assert.equal(player.standby, true);
  playback.muted = false;
  assert.equal(player.muted, true);
  player.events.picture();
  assert.deepEqual(told, ['picture']);
  playback.standby = false;
  assert.deepEqual([player.standby, player.muted, player.asked], [false, false, ['resume']]);
  player.events.moving();
  player.events.moving();
  assert.deepEqual(told, ['picture', 'moving']);
  playback.standby = true;
  playback.resume();
  assert.deepEqual([player.standby, player.muted, player.asked], [true, true, ['resume']]);
  assert.deepEqual([players.length, player.closed, shown], [1, false, ['show', 'release']]);
});

test('any other player exists only while the room plays, and leaves its last frame', () => {
  const { playback, players, told, shown } = started({ player: 'whep', standby: true });
  assert.equal(players.length, 0);
  shown.splice(0);
  playback.standby = false;
  assert.equal(players.length, 1);
  players[0].events.picture();
  assert.deepEqual(told, ['picture', 'moving']);
  shown.splice(0);
  playback.standby = true;
  assert.deepEqual([players[0].closed, playback.player, shown], [true, null, ['hold', 'drop']]);
});

test('a player that loads while the standby begins is closed', async () => {
  let ready;
  const { playback, players } = started({
    player: 'hls',
    make: (name, events) =>
      new Promise(
        (resolve) =>
          (ready = () => resolve(players[players.push(new FakePlayer(name, events)) - 1])),
      ),
  });
  playback.standby = true;
  ready();
  await settle();
  assert.deepEqual([players[0].closed, playback.player], [true, null]);
});
