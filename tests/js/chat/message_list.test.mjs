// The messages that a page shows: order, own messages, removal, hidden people, bounds.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { lineOf } from '../../../web/js/chat/message_words.js';
import { MessageList, MOST } from '../../../web/js/chat/message_list.js';

const person = { id: 'p1', name: '민지', colour: 1, handle: null };
const message = (n, more = {}) => ({
  ...{ n, id: `c${n}`, person, text: `message ${n}`, at: 0, kind: 'chat' },
  ...more,
});
const texts = (list) => list.entries.map(({ message: { text } }) => text);

test('messages stand in the order of the room, each once', () => {
  const list = new MessageList();
  list.take([message(3), message(1)]);
  list.take([message(2), message(3), message(1)]);
  assert.deepEqual(texts(list), ['message 1', 'message 2', 'message 3']);
  assert.equal(list.newest, 3);
});

test('an own message is shown at once and keeps its entry when it is acknowledged', () => {
  const list = new MessageList();
  list.take([message(1)]);
  list.write(message(Infinity, { id: 'mine', text: 'hello' }));
  const [, before] = list.entries;
  assert.deepEqual([before.state, before.mine], ['sending', true]);
  list.take([message(2)]);
  list.acknowledge('mine', message(3, { id: 'mine', text: 'hello' }));
  list.take([message(3, { id: 'mine', text: 'hello' })]);
  const after = list.entries.at(-1);
  assert.deepEqual([after.key, after.state, after.mine], [before.key, 'shown', true]);
  assert.deepEqual(texts(list), ['message 1', 'message 2', 'hello']);
});

test('the event of an own message may come before the answer', () => {
  const list = new MessageList();
  list.write(message(Infinity, { id: 'mine', text: 'hello' }));
  list.take([message(1, { id: 'mine', text: 'hello' })]);
  list.acknowledge('mine', message(1, { id: 'mine', text: 'hello' }));
  assert.deepEqual(texts(list), ['hello']);
});

test('a failed message stays until it is sent again or discarded, a held one waits', () => {
  const list = new MessageList();
  for (const id of ['a', 'b', 'c']) list.write(message(Infinity, { id, text: id }));
  list.mark('a', 'failed');
  list.acknowledge('b', message(7, { id: 'b', state: 'held' }));
  list.discard('c');
  assert.deepEqual(
    list.entries.map(({ state }) => state),
    ['failed', 'held'],
  );
});

test('removed messages vanish, and come back when the removal is undone', () => {
  const list = new MessageList();
  list.take([message(1), message(2), message(3)]);
  list.remove([1, 3]);
  assert.deepEqual(texts(list), ['message 2']);
  list.remove([3], false);
  assert.deepEqual(texts(list), ['message 2', 'message 3']);
});

test('messages of hidden people are left out, except own ones', () => {
  const list = new MessageList();
  list.take([message(1), message(2, { person: { ...person, id: 'p2' } })]);
  list.write(message(Infinity, { id: 'mine', text: 'own' }));
  list.hidden = (id) => id === 'p1';
  assert.deepEqual(texts(list), ['message 2', 'own']);
});

test('the number of messages is bounded; the oldest go first', () => {
  const list = new MessageList();
  list.take(Array.from({ length: MOST + 50 }, (_, n) => message(n + 1)));
  assert.equal(list.entries.length, MOST);
  assert.equal(texts(list)[0], 'message 51');
});

test('messages that the reader wrote in an earlier page are own messages', () => {
  const list = new MessageList();
  const mine = () => list.entries.map((entry) => entry.mine);
  list.take([message(1), message(2, { person: { ...person, id: 'p2' } })]);
  assert.deepEqual(mine(), [false, false]);
  list.me = 'p1';
  list.take([message(3)]);
  assert.deepEqual(mine(), [true, false, true]);
});

test('a line without words is not shown, but counts', () => {
  const list = new MessageList();
  const line = (n, key) => lineOf({ n, kind: 'system', key, at: 0 });
  list.take([line(1, 'went_live'), line(2, 'of_a_newer_server')]);
  assert.deepEqual(texts(list), ['The live has begun']);
  assert.equal(list.newest, 2);
});

test('nothing is quoted of a removed message and of a hidden person', () => {
  const list = new MessageList();
  const other = { ...person, id: 'p2' };
  const reply = (n, to) => message(n, { reply_to: { n: to, name: 'x', text: 'x' } });
  list.take([message(1), message(2, { person: other }), { ...reply(3, 1), person: other }]);
  list.take([reply(4, 2), reply(5, 0)]);
  const quoted = () => list.entries.map(({ quote }) => quote?.n);
  assert.deepEqual(quoted(), [undefined, undefined, 1, 2, 0]);
  list.remove([1]);
  assert.deepEqual(quoted(), [undefined, undefined, 2, 0]);
  list.remove([1], false);
  list.hidden = (id) => id === 'p2';
  assert.deepEqual(quoted(), [undefined, undefined, 0]);
});

test('in an instant replay, messages appear at the moment at which they were written', () => {
  const list = new MessageList();
  list.take([
    message(1, { media_time: 1e6 }),
    message(2, { media_time: 5e6 }),
    message(3, { media_time: null }),
  ]);
  list.write(message(Infinity, { id: 'mine', text: 'now', media_time: 9e6 }));
  list.playhead = 3e6;
  assert.deepEqual(texts(list), ['message 1', 'message 3', 'now']);
  assert.equal(list.isReached(message(2, { media_time: 5e6 })), false);
  list.playhead = 5e6;
  assert.deepEqual(texts(list), ['message 1', 'message 2', 'message 3', 'now']);
  list.playhead = NaN;
  assert.equal(texts(list).length, 4);
});
