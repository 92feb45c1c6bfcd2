// The WHEP player on a fake clock and a fake network.
import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerClock } from '../../../../web/js/watch/line/server_clock.js';
import { FakeClock, fakeEnvironment, settle } from '../../fixtures/fake_clock.mjs';
import { FakeServer } from '../../fixtures/fake_server.mjs';
import { fakePeerConnections } from '../../fixtures/fake_webrtc.mjs';

globalThis.addEventListener ??= () => {};
globalThis.MediaStream ??= class {
  getTracks = () => [];
};
const { WhepPlayer } = await import('../../../../web/js/watch/whep/whep_player.js');

class FakeVideo extends EventTarget {
  muted = true;
  paused = false;
  currentTime = 0;
  requestVideoFrameCallback = () => 1;
  cancelVideoFrameCallback = () => {};
}

function begin() {
  const page = Object.assign(new EventTarget(), { hidden: false });
  globalThis.document = page;
  const clock = new FakeClock();
  const server = new FakeServer();
  const RTCPeerConnection = fakePeerConnections();
  const broken = [];
  const player = new WhepPlayer(
    'room',
    new FakeVideo(),
    new ServerClock(),
    { broken: (reason) => void broken.push(reason), picture() {}, sized() {}, blocked() {} },
    fakeEnvironment(clock, {
      fetch: (path, init) => server.fetch(new URL(path, 'http://host').href, init),
      RTCPeerConnection,
    }),
  );
  const answer = async () => {
    server.of('POST').at(-1).answer(201, 'answer', { Location: 'http://host/session' });
    await settle();
  };
  return { page, clock, server, broken, player, answer };
}

test('a session without a frame within ten seconds of the answer is reported', async () => {
  const { clock, broken, player, answer } = begin();
  await settle();
  await answer();
  await clock.advance(9_000);
  assert.deepEqual(broken, []);
  await clock.advance(1_000);
  assert.deepEqual(broken, ['no picture came over UDP']);
  player.close();
});

test('a player that is closed before the answer leaves no timer', async () => {
  const { clock, broken, player, answer } = begin();
  await settle();
  player.close();
  await answer();
  assert.equal(clock.timers, 0);
  await clock.advance(20_000);
  assert.deepEqual(broken, []);
});

test('a page that is hidden before the answer expects no frame', async () => {
  const { page, clock, broken, player, answer } = begin();
  await settle();
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
  await answer();
  await clock.advance(20_000);
  assert.deepEqual(broken, []);
  player.close();
  assert.equal(clock.timers, 0);
});
