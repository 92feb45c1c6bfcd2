import assert from 'node:assert/strict';
import test from 'node:test';
import { RoomConnection } from '../../../../web/js/watch/line/room_connection.js';
import { ConnectionProxy } from '../../../../web/js/watch/webcodecs/connection_proxy.js';

globalThis.self ??= globalThis;

/** A player's connection, and the messages that it sends. */
function distant() {
  const { port1, port2 } = new MessageChannel();
  const connection = new ConnectionProxy(port1);
  const heard = async () => {
    const verbs = [];
    const done = new Promise((resolve) => {
      port2.onmessage = ({ data: [verb, ...values] }) =>
        verb === 'done' ? resolve() : verbs.push([verb, ...values]);
    });
    port1.postMessage(['done']);
    await done;
    port2.close();
    return verbs;
  };
  return { connection, heard };
}

const nothing = () => {};

const LISTENER = {
  hello: nothing,
  record: nothing,
  pace: nothing,
  quality: () => ({}),
  down: nothing,
  failing: nothing,
  over: nothing,
};

test('a player that holds the connection opens and closes it', async () => {
  const line = new RoomConnection('ws://one', LISTENER);
  const { connection, heard } = distant();
  line.take(connection);
  line.begin(); // not open yet
  line.open();
  line.begin();
  line.lively = false;
  line.url = 'ws://two';
  line.restart();
  line.retryNow();
  line.close();
  assert.deepEqual(await heard(), [
    ['lively', true],
    ['open', 'ws://one'],
    ['lively', false],
    ['restart', 'ws://two'],
    ['retryNow'],
    ['pause'],
  ]);
});

test('a connection that moves between players stays open and is opened once', async () => {
  const line = new RoomConnection('ws://one', LISTENER);
  const [first, second] = [distant(), distant()];
  line.take(first.connection);
  line.open();
  line.take(second.connection);
  line.take(second.connection);
  line.restart();
  line.restart();
  assert.deepEqual(await first.heard(), [['lively', true], ['open', 'ws://one'], ['pause']]);
  assert.deepEqual(await second.heard(), [
    ['lively', true],
    ['open', 'ws://one'],
    ['restart', 'ws://one'],
  ]);
});

test('the counters continue when the connection moves', () => {
  const line = new RoomConnection('ws://one', LISTENER);
  const [first, second] = [distant(), distant()];
  line.take(first.connection);
  first.connection.bytes = 1_000;
  line.listener.hello({});
  line.take(second.connection);
  assert.equal(line.bytes, 1_000);
  second.connection.bytes = 500;
  line.listener.hello({});
  line.take(null);
  assert.deepEqual([line.bytes, line.reconnects], [1_500, 1]);
});

test('each holder of the connection is on standby while the room is', async () => {
  const line = new RoomConnection('ws://one', LISTENER);
  line.standby = true;
  const { connection, heard } = distant();
  line.take(connection);
  line.open();
  line.standby = true;
  line.standby = false;
  assert.deepEqual(await heard(), [
    ['lively', true],
    ['standby', true],
    ['open', 'ws://one'],
    ['standby', false],
  ]);
});
