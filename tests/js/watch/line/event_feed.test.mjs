// A room's events from a WebSocket and from server-sent events, each once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { EventFeed } from '../../../../web/js/watch/line/event_feed.js';
import { settle } from '../../fixtures/fake_clock.mjs';

const event = (sequence, name = sequence) => ({
  sequence,
  body: new TextEncoder().encode(JSON.stringify(name)),
});

function begin() {
  const handled = [];
  const made = [];
  const waiting = [];
  const feed = new EventFeed(
    (value) => handled.push(value),
    (listener) =>
      new Promise((resolve) => {
        const stream = {
          listener,
          isOpen: false,
          open: () => void (stream.isOpen = true),
          close: () => void (stream.isOpen = false),
        };
        made.push(stream);
        waiting.push(() => resolve(stream));
      }),
  );
  /** The WebSocket is refused, and the module of the event stream arrives. */
  const refuse = async () => {
    const listening = feed.listenWithoutWebSocket();
    for (const load of waiting.splice(0)) load();
    await listening;
  };
  return { feed, handled, made, waiting, refuse };
}

test('an event that comes again after a reconnection is handled once', () => {
  const { feed, handled } = begin();
  feed.hello({ channel: 'a' });
  for (const sequence of [3, 7, 8]) feed.record(event(sequence));
  feed.hello({ channel: 'a' });
  for (const sequence of [7, 8, 9]) feed.record(event(sequence));
  assert.deepEqual(handled, [3, 7, 8, 9]);
});

test('the numbers start anew with another channel', () => {
  const { feed, handled } = begin();
  feed.hello({ channel: 'a' });
  feed.record(event(8, 'a8'));
  feed.hello({ channel: 'b' });
  feed.record(event(1, 'b1'));
  assert.deepEqual(handled, ['a8', 'b1']);
});

test('the numbers wrap at 2³²', () => {
  const { feed, handled } = begin();
  feed.hello({ channel: 'a' });
  for (const sequence of [2 ** 32 - 1, 0, 2 ** 32 - 1, 1]) feed.record(event(sequence));
  assert.deepEqual(handled, [2 ** 32 - 1, 0, 1]);
});

test('an event that comes by WebSocket and as a server-sent event is handled once', async () => {
  const { feed, handled, made, refuse } = begin();
  feed.hello({ channel: 'a' });
  feed.record(event(1));
  await refuse();
  const { listener } = made[0];
  listener.hello({ channel: 'a' });
  listener.event(1, 1);
  listener.event(2, 2);
  feed.hello({ channel: 'a' });
  feed.record(event(2));
  feed.record(event(3));
  assert.deepEqual(handled, [1, 2, 3]);
});

test('server-sent events end when a WebSocket gets through', async () => {
  const { feed, made, refuse } = begin();
  await refuse();
  await refuse();
  assert.deepEqual([made.length, made[0].isOpen], [1, true]);
  feed.hello({ channel: 'a' });
  assert.equal(made[0].isOpen, false);
  feed.suspend();
  feed.resume();
  assert.equal(made[0].isOpen, false);
});

test('a WebSocket that gets through while the module loads makes it needless', async () => {
  const { feed, made, waiting } = begin();
  void feed.listenWithoutWebSocket();
  feed.hello({ channel: 'a' });
  waiting[0]();
  await settle();
  assert.equal(made[0].isOpen, false);
});

test('without a WebSocket a page that is visible again has events at once', async () => {
  const { feed, made, refuse } = begin();
  await refuse();
  feed.suspend();
  assert.equal(made[0].isOpen, false);
  feed.resume();
  assert.equal(made[0].isOpen, true);
});

test('a hidden page opens no stream until it is visible', async () => {
  const { feed, made, refuse } = begin();
  feed.suspend();
  await refuse();
  assert.equal(made[0].isOpen, false);
  feed.resume();
  assert.equal(made[0].isOpen, true);
});

test('after close nothing opens and no event is handled', async () => {
  const { feed, handled, made, waiting, refuse } = begin();
  await refuse();
  feed.close();
  feed.resume();
  feed.record(event(1));
  assert.deepEqual([made[0].isOpen, handled], [false, []]);
  const late = begin();
  void late.feed.listenWithoutWebSocket();
  late.feed.close();
  late.waiting[0]();
  await settle();
  assert.equal(late.made[0].isOpen, false);
  assert.equal(waiting.length, 0);
});
