// The viewer's WebSocket on a fake clock and a fake network.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Connection } from '../../../../web/js/watch/line/connection.js';
import { FakeClock, fakeEnvironment } from '../../fixtures/fake_clock.mjs';
import { FakeServer } from '../../fixtures/fake_server.mjs';
import { fakeSockets } from '../../fixtures/fake_sockets.mjs';
import { message, record } from '../../fixtures/records.mjs';

const HELLO = { type: 'hello', version: 1, stream: 'a', now: 1_000_000, tracks: [] };

function begin(quality = () => ({ playing: true })) {
  const clock = new FakeClock();
  const server = new FakeServer();
  const WebSocket = fakeSockets();
  const told = [];
  const tell =
    (name) =>
    (...values) =>
      void told.push([name, ...values]);
  const listener = {
    ...Object.fromEntries(
      ['hello', 'record', 'pace', 'down', 'failing', 'over'].map((name) => [name, tell(name)]),
    ),
    quality,
  };
  const connection = new Connection(
    'ws://host/ws/room',
    listener,
    fakeEnvironment(clock, { WebSocket, fetch: server.fetch }),
  );
  const names = () => told.splice(0).map(([name]) => name);
  return { clock, server, WebSocket, told, names, connection };
}

/** A connection that is open and has got its hello. */
async function opened(quality) {
  const all = begin(quality);
  all.connection.open();
  all.WebSocket.last.accept();
  all.WebSocket.last.say(HELLO);
  all.told.splice(0);
  return all;
}

test('hello, records and pace reach the listener, and bytes are counted', () => {
  const { connection, WebSocket, told } = begin();
  connection.open();
  assert.equal(WebSocket.last.url, 'ws://host/ws/room');
  WebSocket.last.accept();
  WebSocket.last.say(HELLO);
  WebSocket.last.bring(message(record({ mediaTime: 5n }), record({ mediaTime: 6n })));
  WebSocket.last.say({ type: 'pace', pace: 'key', dropped: 3 });
  assert.deepEqual(
    told.map(([name]) => name),
    ['hello', 'record', 'record', 'pace'],
  );
  assert.equal(connection.bytes, 88);
});

test('a socket that the page opened early is taken over with what it received', () => {
  const { connection, WebSocket, names } = begin();
  const socket = new WebSocket('ws://early');
  socket.readyState = 1;
  connection.open({
    socket,
    dialled: 0,
    received: [
      { data: JSON.stringify(HELLO), at: 1 },
      { data: message(record({})), at: 2 },
    ],
  });
  assert.equal(WebSocket.made.length, 1);
  assert.deepEqual(names(), ['hello', 'record']);
  socket.say({ type: 'pace', pace: 'full', dropped: 0 });
  assert.deepEqual(names(), ['pace']);
});

test('a socket that is closed already is replaced', () => {
  const { connection, WebSocket } = begin();
  const socket = new WebSocket('ws://early');
  socket.close();
  connection.open({ socket, dialled: 0, received: [] });
  assert.equal(WebSocket.last.url, 'ws://host/ws/room');
});

test('four time exchanges set the clock, then one every ten seconds', async () => {
  const { clock, WebSocket, connection } = await opened();
  const { last } = WebSocket;
  const asked = () => last.sent.filter(({ type }) => type === 'time');
  for (let n = 0; n < 4; n++) {
    await clock.advance(10);
    last.say({ type: 'time', id: asked().at(-1).id, now: 1_000_000 + clock.now * 1_000 });
  }
  assert.equal(asked().length, 4);
  assert.ok(Math.abs(connection.clock.at(clock.now) - (1_000_000 + clock.now * 1_000)) <= 5_000);
  for (let n = 0; n < 40; n++) {
    await clock.advance(250);
    last.say({ type: 'pace', pace: 'full', dropped: 0 });
  }
  assert.equal(asked().length, 4);
  await clock.advance(500);
  assert.equal(asked().length, 5);
});

test('a report goes up each second once media has arrived', async () => {
  const { clock, WebSocket } = await opened();
  const reports = () => WebSocket.last.sent.filter(({ type }) => type === 'report');
  const answer = () =>
    WebSocket.last.say({
      type: 'time',
      id: WebSocket.last.sent.findLast(({ type }) => type === 'time').id,
      now: 1,
    });
  await clock.advance(900);
  answer();
  assert.equal(reports().length, 0);
  WebSocket.last.bring(message(record({ mediaTime: 77n })));
  for (let n = 0; n < 8; n++) {
    answer();
    await clock.advance(250);
  }
  assert.deepEqual(reports(), Array(2).fill({ type: 'report', media_time: 77, playing: true }));
});

test('without playback figures no report goes up', async () => {
  const sent = [];
  for (const quality of [() => ({}), () => null]) {
    const { clock, WebSocket } = await opened(quality);
    for (let n = 0; n < 6; n++) {
      WebSocket.last.bring(message(record({ mediaTime: 77n })));
      await clock.advance(250);
    }
    sent.push(WebSocket.last.sent.filter(({ type }) => type === 'report').length);
  }
  assert.deepEqual(sent, [1, 0]);
});

test('a report has the newest media time of slot 0', async () => {
  const { clock, WebSocket } = await opened();
  const reports = () => WebSocket.last.sent.filter(({ type }) => type === 'report');
  const other = (mediaTime) => record({ slot: 1, mediaTime });
  WebSocket.last.bring(message(other(9_000n)));
  await clock.advance(1_000);
  assert.deepEqual(reports(), []);
  WebSocket.last.bring(message(record({ mediaTime: 77n }), other(9_100n)));
  await clock.advance(250);
  assert.deepEqual(
    reports().map(({ media_time: mediaTime }) => mediaTime),
    [77],
  );
});

test('a probe of the network that takes too long is aborted', async () => {
  const { clock, server, connection } = begin();
  connection.open();
  await clock.advance(750);
  const probe = server.last;
  assert.deepEqual([probe.url, probe.aborted], ['/healthz', false]);
  await clock.advance(600);
  assert.equal(probe.aborted, true);
});

test('a lost connection comes back at once, then with growing waits', async () => {
  const { clock, WebSocket, names } = await opened();
  WebSocket.last.lose();
  assert.deepEqual(names(), ['down']);
  await clock.advance(0);
  assert.equal(WebSocket.made.length, 2);
  WebSocket.last.lose();
  await clock.advance(0);
  assert.equal(WebSocket.made.length, 2, 'the second attempt waits');
  await clock.advance(150);
  assert.equal(WebSocket.made.length, 3);
  WebSocket.last.accept();
  WebSocket.last.say(HELLO);
  WebSocket.last.lose();
  await clock.advance(0);
  assert.equal(WebSocket.made.length, 4, 'a hello resets the wait');
});

test('several failed attempts ask why, once in four', async () => {
  const { clock, WebSocket, told } = await opened();
  for (let n = 0; n < 7; n++) {
    WebSocket.last.lose();
    await clock.advance(1_000);
  }
  assert.deepEqual(
    told.filter(([name]) => name === 'failing'),
    [
      ['failing', 3],
      ['failing', 7],
    ],
  );
});

for (const code of [4410, 4415]) {
  test(`close code ${code} is final`, async () => {
    const { clock, WebSocket, told, connection } = await opened();
    WebSocket.last.lose(code, 'room_ended: the room has ended');
    assert.deepEqual(told, [['over', code, 'room_ended: the room has ended']]);
    await clock.advance(60_000);
    assert.equal(WebSocket.made.length, 1);
    assert.equal(clock.timers, 0);
    connection.retryNow();
    connection.restart();
    assert.equal(WebSocket.made.length, 1);
  });
}

test('after a mistake of this page the next attempt waits five seconds', async () => {
  const { clock, WebSocket } = await opened();
  WebSocket.last.lose(1008);
  await clock.advance(4_900);
  assert.equal(WebSocket.made.length, 1);
  await clock.advance(100);
  assert.equal(WebSocket.made.length, 2);
});

test('a request without an answer means that the network is gone', async () => {
  const { clock, WebSocket, names } = await opened();
  await clock.advance(1_250);
  assert.deepEqual(names(), ['down']);
  assert.ok(WebSocket.made.length >= 2);
});

test('an answer may wait while the page stands still', async () => {
  const { clock, WebSocket, names } = await opened();
  await clock.stall(8_000);
  assert.deepEqual(names(), []);
  await clock.advance(1_250);
  assert.deepEqual(names(), ['down'], 'nothing came afterwards');
  await clock.stall(8_000);
  assert.deepEqual(names(), [], 'the next handshake');
  assert.equal(WebSocket.open.length, 1);
});

test('a handshake that takes too long is given up', async () => {
  const { clock, WebSocket, names, connection } = begin();
  connection.open();
  await clock.advance(5_500);
  assert.deepEqual(names(), ['down']);
  assert.equal(WebSocket.open.length, 1);
});

test('a handshake from before an outage is replaced once the server answers', async () => {
  const { clock, server, WebSocket, connection } = begin();
  connection.open();
  await clock.advance(1_000);
  assert.equal(server.last.url, '/healthz');
  server.last.answer(200);
  await clock.advance(0);
  assert.equal(WebSocket.made.length, 2);
  const requests = server.requests.length;
  await clock.advance(3_000);
  assert.equal(server.requests.length, requests, 'once per attempt');
});

test('retryNow ends a wait and leaves an open socket alone', async () => {
  const { clock, WebSocket, connection } = await opened();
  connection.retryNow();
  assert.equal(WebSocket.made.length, 1);
  WebSocket.last.lose(1008);
  connection.retryNow();
  assert.equal(WebSocket.made.length, 2);
  await clock.advance(6_000);
  assert.equal(WebSocket.open.length, 1);
});

test('close leaves no socket and no timer, and open begins again', async () => {
  const { clock, WebSocket, connection, names } = await opened();
  connection.close();
  assert.deepEqual([WebSocket.open.length, clock.timers], [0, 0]);
  await clock.advance(10_000);
  assert.deepEqual(names(), []);
  connection.open();
  assert.equal(WebSocket.open.length, 1);
});

test('a connection on standby says so in its URL, and later in notices', async () => {
  const { connection, WebSocket } = begin();
  connection.url = 'ws://host/ws/room?player=mse';
  connection.standby = true;
  connection.open();
  assert.equal(WebSocket.last.url, 'ws://host/ws/room?player=mse&hold=1');
  WebSocket.last.accept();
  WebSocket.last.say(HELLO);
  const holds = () => WebSocket.last.sent.filter(({ type }) => type === 'hold');
  assert.deepEqual(holds(), []);
  connection.standby = false;
  connection.standby = false;
  assert.deepEqual(holds(), [{ type: 'hold', on: false }]);
  connection.standby = true;
  assert.deepEqual(holds()[1], { type: 'hold', on: true });
  connection.restart();
  assert.match(WebSocket.last.url, /hold=1$/);
});

test('a standby that ends while the socket opens ends when it is open', () => {
  const { connection, WebSocket } = begin();
  connection.url = 'ws://host/ws/room?player=mse';
  connection.standby = true;
  connection.open();
  connection.standby = false;
  WebSocket.last.accept();
  assert.deepEqual(
    WebSocket.last.sent.find(({ type }) => type === 'hold'),
    { type: 'hold', on: false },
  );
  WebSocket.last.lose();
  connection.retryNow();
  assert.doesNotMatch(WebSocket.last.url, /hold/);
});

test('a standby sends no reports, rarely asks for the time, and reports new media when it plays', async () => {
  const { clock, connection, WebSocket } = await opened();
  const { last } = WebSocket;
  const answer = () => {
    const { id } = last.sent.findLast(({ type }) => type === 'time');
    last.say({ type: 'time', id, now: 0 });
  };
  for (let n = 0; n < 4; n++) answer();
  last.bring(message(record({ mediaTime: 5n })));
  connection.standby = true;
  last.sent.splice(0);
  for (let n = 0; n < 8; n++) {
    await clock.advance(1_000);
    if (n % 4 === 0) last.bring(message(record({ mediaTime: 9n })));
  }
  assert.deepEqual(last.sent, []);
  await clock.advance(3_000);
  assert.deepEqual(
    last.sent.map(({ type }) => type),
    ['time'],
  );
  answer();
  connection.standby = false;
  await clock.advance(900);
  const reports = () => last.sent.filter(({ type }) => type === 'report');
  assert.deepEqual(reports(), []);
  last.bring(message(record({ mediaTime: 12n })));
  await clock.advance(1_000);
  assert.equal(reports()[0].media_time, 12);
});
