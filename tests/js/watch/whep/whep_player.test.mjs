// The WHEP player on a fake clock and a fake network.
import '../../fixtures/browser.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerClock } from '../../../../web/js/watch/line/server_clock.js';
import { FakeClock, fakeEnvironment, settle } from '../../fixtures/fake_clock.mjs';
import { FakeServer } from '../../fixtures/fake_server.mjs';
import { fakePeerConnections } from '../../fixtures/fake_webrtc.mjs';

globalThis.addEventListener ??= () => {};
globalThis.window ??= new EventTarget();
globalThis.MediaStream ??= class {
  getTracks = () => [];
};
const { WhepPlayer } = await import('../../../../web/js/watch/whep/whep_player.js');

const NEW_ICE = 'a=ice-ufrag:new\r\na=ice-pwd:fresh\r\n'; // the server's answer to a restart

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
    const sdp = 'a=ice-ufrag:old\r\na=ice-pwd:stale\r\n';
    server.of('POST').at(-1).answer(201, sdp, { Location: 'http://host/session' });
    await settle();
  };
  return { page, clock, server, broken, player, answer, connections: RTCPeerConnection };
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

test('ICE restarts when the connection is lost, silent or in another network', async () => {
  const { clock, server, player, answer, connections } = begin();
  await settle();
  await answer();
  const [pc] = connections.made;
  const restarts = () => server.of('PATCH').length;
  const run = async (ticks, bytes) => {
    for (let tick = 0; tick < ticks; tick++) {
      pc.stats.received += bytes;
      await clock.advance(1_000);
    }
  };
  pc.become('connected');
  await run(3, 100);
  assert.equal(restarts(), 0);
  await run(2, 0);
  assert.equal(restarts(), 1);
  server.last.answer(200, NEW_ICE);
  await run(5, 0);
  assert.equal(restarts(), 1, 'one restart for one silence');
  window.dispatchEvent(new Event('online'));
  await settle();
  assert.equal(restarts(), 2);
  pc.become('disconnected');
  await settle();
  assert.equal(restarts(), 2, 'a restart is running');
  server.last.answer(200, NEW_ICE);
  await settle();
  pc.become('disconnected');
  await settle();
  assert.equal(restarts(), 3);
  player.close();
  window.dispatchEvent(new Event('online'));
  await settle();
  assert.deepEqual([restarts(), clock.timers], [3, 0]);
});

test('a silence does not begin the requests of a running restart anew', async () => {
  const { clock, server, player, answer, connections } = begin();
  await settle();
  await answer();
  connections.made[0].become('connected');
  connections.made[0].stats.received += 100;
  await clock.advance(1_000);
  window.dispatchEvent(new Event('online'));
  await clock.advance(2_000);
  assert.deepEqual(
    server.of('PATCH').map(({ aborted }) => aborted),
    [true, true, false],
    'each has its own time limit',
  );
  player.close();
  await settle();
  assert.equal(clock.timers, 0);
});
