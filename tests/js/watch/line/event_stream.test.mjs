// Server-sent events on a fake clock and a fake network.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EventStream } from '../../../../web/js/watch/line/event_stream.js';
import { ServerClock } from '../../../../web/js/watch/line/server_clock.js';
import { FakeClock, fakeEnvironment, settle } from '../../fixtures/fake_clock.mjs';
import { FakeServer } from '../../fixtures/fake_server.mjs';

function fakeSources() {
  return class FakeEventSource extends EventTarget {
    static made = [];
    static get last() {
      return this.made.at(-1);
    }

    readyState = 1;

    constructor(url) {
      super();
      this.url = url;
      FakeEventSource.made.push(this);
    }

    close() {
      this.readyState = 2;
    }

    say(type, data, lastEventId = '') {
      const event = Object.assign(new Event(type), { data: JSON.stringify(data), lastEventId });
      this.dispatchEvent(event);
    }

    fail(readyState) {
      this.readyState = readyState;
      this.dispatchEvent(new Event('error'));
    }
  };
}

function begin() {
  const clock = new FakeClock();
  const server = new FakeServer();
  const EventSource = fakeSources();
  const told = [];
  const serverClock = new ServerClock();
  const viewer = { lag: NaN };
  const listener = {
    hello: ({ channel }) => told.push(channel),
    event: (event, sequence) => told.push([event, sequence]),
    lag: () => viewer.lag,
    over: (code) => told.push(code),
    quality: () => ({ player: 'hls' }),
  };
  const stream = new EventStream(
    'a room',
    serverClock,
    listener,
    fakeEnvironment(clock, { EventSource, fetch: server.fetch }),
  );
  const reports = () =>
    server.requests.map(({ body }) => JSON.parse(body)).filter(({ type }) => type === 'report');
  return { clock, server, EventSource, told, serverClock, viewer, reports, stream };
}

test('the hello and numbered events reach the listener; a second open changes nothing', () => {
  const { stream, EventSource, told } = begin();
  stream.open();
  stream.open();
  assert.equal(EventSource.made.length, 1);
  assert.equal(EventSource.last.url, '/api/rooms/a%20room/events');
  EventSource.last.say('hello', { viewer: 'v', channel: 'a-b', stream: 's' });
  EventSource.last.say('message', { media_time: 7, event: { type: 'room' } }, 'a-b-12');
  assert.deepEqual(told, ['a-b', [{ type: 'room' }, 12]]);
});

test('time is exchanged after the hello, and reports go up once a second', async () => {
  const { stream, EventSource, clock, server, serverClock, reports } = begin();
  stream.open();
  EventSource.last.say('hello', { viewer: 'v+1' });
  assert.equal(server.last.url, '/api/rooms/a%20room/notices?viewer=v%2B1');
  assert.deepEqual(JSON.parse(server.last.body), { type: 'time', id: 0 });
  server.last.answer(200, JSON.stringify({ type: 'time', id: 0, now: 5_000_000 }));
  await settle();
  assert.equal(serverClock.at(clock.now), 5_000_000);
  await clock.advance(2_500);
  assert.deepEqual(reports(), Array(2).fill({ type: 'report', media_time: -1, player: 'hls' }));
  server.last.fail();
  await settle();
});

test('a report says where the viewer stands: its lag behind the edge, which moves on', async () => {
  const { stream, EventSource, clock, viewer, reports } = begin();
  stream.open();
  EventSource.last.say('hello', { viewer: 'v', channel: 'c', stream: 's' });
  EventSource.last.say('message', { media_time: 0, event: null }, 'c-1');
  EventSource.last.say('message', { media_time: 2_000_000, event: null }, 'c-2'); // of the history
  await clock.advance(500);
  EventSource.last.say('message', { media_time: 9_000_000, event: null }, 'c-3');
  await clock.advance(500);
  viewer.lag = 1_500;
  await clock.advance(1_000);
  EventSource.last.say('hello', { viewer: 'v', channel: 'c', stream: 'another' });
  await clock.advance(1_000);
  assert.deepEqual(
    reports().map(({ media_time: mediaTime }) => mediaTime),
    [9_500_000, 9_000_000, -1],
  );
});

test('close leaves no timer and no source', async () => {
  const { stream, EventSource, clock, server } = begin();
  stream.open();
  EventSource.last.say('hello', { viewer: 'v' });
  stream.close();
  const sent = server.requests.length;
  await clock.advance(5_000);
  assert.equal(EventSource.last.readyState, 2);
  assert.equal(clock.timers, 0);
  assert.equal(server.requests.length, sent);
});

test('the browser reopens a lost connection; a refused stream may be opened again', () => {
  const { stream, EventSource } = begin();
  stream.open();
  EventSource.last.fail(0);
  stream.open();
  assert.equal(EventSource.made.length, 1);
  EventSource.last.fail(2);
  stream.open();
  assert.equal(EventSource.made.length, 2);
});

test('the end of the room ends the stream; a restart of the server does not', () => {
  const { stream, EventSource, told } = begin();
  stream.open();
  EventSource.last.say('close', { code: 'server_closing' });
  assert.equal(EventSource.last.readyState, 1);
  EventSource.last.say('close', { code: 'room_ended' });
  assert.equal(EventSource.last.readyState, 2);
  assert.deepEqual(told, ['server_closing', 'room_ended']);
});
