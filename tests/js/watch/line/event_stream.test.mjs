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

    say(type, data) {
      this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }));
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
  const listener = {
    event: (event, mediaTime) => told.push([event, mediaTime]),
    over: (code) => told.push(code),
    quality: () => ({ player: 'hls' }),
  };
  const stream = new EventStream(
    'a room',
    serverClock,
    listener,
    fakeEnvironment(clock, { EventSource, fetch: server.fetch }),
  );
  return { clock, server, EventSource, told, serverClock, stream };
}

test('events reach the listener with their media time; a second open changes nothing', () => {
  const { stream, EventSource, told } = begin();
  stream.open();
  stream.open();
  assert.equal(EventSource.made.length, 1);
  assert.equal(EventSource.last.url, '/api/rooms/a%20room/events');
  EventSource.last.say('message', { media_time: 7, event: { type: 'room' } });
  assert.deepEqual(told, [[{ type: 'room' }, 7]]);
});

test('time is exchanged after the hello, and reports go up once a second', async () => {
  const { stream, EventSource, clock, server, serverClock } = begin();
  stream.open();
  EventSource.last.say('hello', { viewer: 'v+1' });
  assert.equal(server.last.url, '/api/rooms/a%20room/notices?viewer=v%2B1');
  assert.deepEqual(JSON.parse(server.last.body), { type: 'time', id: 0 });
  server.last.answer(200, JSON.stringify({ type: 'time', id: 0, now: 5_000_000 }));
  await settle();
  assert.equal(serverClock.at(clock.now), 5_000_000);
  EventSource.last.say('message', { media_time: 9, event: null });
  await clock.advance(2_500);
  const reports = server.requests
    .map(({ body }) => JSON.parse(body))
    .filter(({ type }) => type === 'report');
  assert.deepEqual(reports, Array(2).fill({ type: 'report', media_time: 9, player: 'hls' }));
  server.last.fail();
  await settle();
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

test('a lost connection is left to the browser; a refusal ends the stream, which may be opened again', () => {
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
