// The room's line, and a connection that is held elsewhere. Run: node --test tests/js
import assert from 'node:assert/strict';
import test from 'node:test';
import { RoomConnection } from '../../../../web/js/watch/line/room_connection.js';
import { LIMIT, Watchdog } from '../../../../web/js/watch/watchdog.js';
import { ConnectionProxy } from '../../../../web/js/watch/webcodecs/connection_proxy.js';

globalThis.self ??= globalThis; // what browsers have

/** A player's connection, and what it is asked for. */
function distant() {
  const { port1, port2 } = new MessageChannel();
  const connection = new ConnectionProxy(port1);
  const heard = async () => {
    const verbs = [];
    const done = new Promise((resolve) => {
      port2.onmessage = ({ data: [verb, ...values] }) => (verb === 'done' ? resolve() : verbs.push([verb, ...values]));
    });
    port1.postMessage(['done']);
    await done;
    port2.close();
    return verbs;
  };
  return { connection, heard };
}

const nothing = () => {};
const LISTENER = { hello: nothing, record: nothing, pace: nothing, quality: () => ({}), down: nothing, failing: nothing, over: nothing };

test('a player that holds the line opens and closes it', async () => {
  const line = new RoomConnection('ws://one', LISTENER);
  const { connection, heard } = distant();
  line.take(connection);
  line.begin(); // not before the room wants it
  line.open();
  line.begin();
  line.lively = false;
  line.url = 'ws://two';
  line.restart();
  line.retryNow();
  line.close();
  assert.deepEqual(await heard(), [['lively', true], ['open', 'ws://one'], ['lively', false], ['restart', 'ws://two'], ['retryNow'], ['pause']]);
});

test('a line that goes from one to another stays open, and is opened once', async () => {
  const line = new RoomConnection('ws://one', LISTENER);
  const [first, second] = [distant(), distant()];
  line.take(first.connection);
  line.open();
  line.take(second.connection);
  line.take(second.connection);
  line.restart();
  line.restart();
  assert.deepEqual(await first.heard(), [['lively', true], ['open', 'ws://one'], ['pause']]);
  assert.deepEqual(await second.heard(), [['lively', true], ['open', 'ws://one'], ['restart', 'ws://one']]);
});

test('what the line counts does not begin anew', () => {
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

test('the watchdog barks when pictures that should come do not, once for each time', () => {
  const dog = new Watchdog();
  const at = (from, to, frames, expected, bytes = (now) => now) => {
    const barks = [];
    for (let now = from; now < to; now += 1_000) if (dog.stalled(now, frames(now), bytes(now), expected)) barks.push(now);
    return barks;
  };
  const standing = () => 7;
  assert.deepEqual(at(0, 60_000, (now) => now, true), [], 'they come');
  assert.deepEqual(at(60_000, 90_000, standing, false), [], 'nobody expects them');
  assert.deepEqual(at(90_000, 115_000, standing, true), [89_000 + LIMIT, 89_000 + 2 * LIMIT]);
  assert.deepEqual(at(115_000, 145_000, standing, true, () => 5), [], 'nothing comes at all');
  assert.deepEqual(at(145_000, 160_000, standing, true, () => NaN), [144_000 + LIMIT], 'what comes another way is not seen to come');
  assert.deepEqual(at(160_000, 200_000, (now) => Math.floor(now / 5_000), true), [], 'a picture every five seconds is one');
});
