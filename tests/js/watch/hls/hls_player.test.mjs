// The HLS player in a runtime without Media Source Extensions, where no engine can be made.
import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerClock } from '../../../../web/js/watch/line/server_clock.js';
import { FakeClock, fakeEnvironment } from '../../fixtures/fake_clock.mjs';

Object.defineProperty(globalThis.navigator, 'vendor', { value: '', configurable: true });
globalThis.document = Object.assign(new EventTarget(), { hidden: false });
const { HlsPlayer } = await import('../../../../web/js/watch/hls/hls_player.js');

class FakeVideo extends EventTarget {
  canPlayType = () => '';
  requestVideoFrameCallback = () => 1;
  cancelVideoFrameCallback = () => {};
}

/** A player that loads its engine; `tried` waits until that has failed. */
function begin() {
  const broken = [];
  const player = new HlsPlayer(
    'room',
    new FakeVideo(),
    new ServerClock(),
    { broken: (...report) => void broken.push(report), picture() {}, sized() {}, blocked() {} },
    fakeEnvironment(new FakeClock()),
  );
  player.hello({ stream: 'a', tracks: [{}] });
  const tried = async () => {
    await import('../../../../web/vendor/hls.light.min.js');
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { broken, player, tried };
}

test('a browser in which no engine can be made is reported for good', async () => {
  const { broken, player, tried } = begin();
  await tried();
  assert.deepEqual(broken, [['this browser has neither HLS nor Media Source Extensions', true]]);
  player.close();
});

test('a player that is closed while its engine loads reports nothing', async () => {
  const { broken, player, tried } = begin();
  player.close();
  await tried();
  assert.deepEqual(broken, []);
});
