// Which events of the browser count as a move to another network.
import assert from 'node:assert/strict';
import test from 'node:test';

globalThis.window = new EventTarget();
const connection = Object.assign(new EventTarget(), { type: 'wifi' });
Object.defineProperty(globalThis, 'navigator', { value: { connection }, configurable: true });
const { NetworkWatch } = await import('../../../web/js/page/network_watch.js');

test('another type of network, offline and online count; a new estimate does not', () => {
  let moves = 0;
  const watch = new NetworkWatch(() => moves++);
  const change = (type) => {
    connection.type = type;
    connection.dispatchEvent(new Event('change'));
  };
  change('wifi');
  assert.equal(moves, 0);
  change('cellular');
  change('cellular');
  assert.equal(moves, 1);
  for (const name of ['offline', 'online']) window.dispatchEvent(new Event(name));
  assert.equal(moves, 3);
  watch.close();
  change('wifi');
  window.dispatchEvent(new Event('online'));
  assert.equal(moves, 3);
});

test('a browser that reports no type of network reports online and offline', () => {
  navigator.connection.type = undefined;
  let moves = 0;
  const watch = new NetworkWatch(() => moves++);
  connection.dispatchEvent(new Event('change'));
  assert.equal(moves, 0);
  window.dispatchEvent(new Event('online'));
  assert.equal(moves, 1);
  watch.close();
});
