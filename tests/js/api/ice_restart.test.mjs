// ICE restarts by PATCH, on a fake WebRTC.
import assert from 'node:assert/strict';
import test from 'node:test';
import { IceRestarts, fragmentOf, restarted } from '../../../web/js/api/ice_restart.js';
import { FakeClock, fakeEnvironment } from '../fixtures/fake_clock.mjs';
import { fakePeerConnections } from '../fixtures/fake_webrtc.mjs';

const ANSWER = [
  ...['v=0', 'a=ice-lite', 'm=video 9', 'a=ice-ufrag:old', 'a=ice-pwd:before'],
  ...['a=candidate:1 1 udp 1 192.0.2.1 5000 typ host', 'a=end-of-candidates'],
  ...['m=audio 9', 'a=ice-ufrag:old', 'a=ice-pwd:before', 'a=mid:1', ''],
].join('\r\n');
const FRAGMENT = [
  ...['a=ice-lite', 'm=video 9', 'a=mid:0', 'a=ice-ufrag:new', 'a=ice-pwd:with$&+/'],
  ...['a=candidate:1 1 udp 1 192.0.2.2 5000 typ host', 'a=end-of-candidates', ''],
].join('\r\n');

test('a fragment names the transport, its first section and the candidates', () => {
  const sdp = [
    'v=0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:secret',
    'a=mid:0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=mid:1',
    '',
  ].join('\r\n');
  const lines = [
    'a=ice-ufrag:abcd',
    'a=ice-pwd:secret',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=mid:0',
  ];
  assert.equal(fragmentOf(sdp), [...lines, ''].join('\r\n'));
  const found = { candidate: 'candidate:1 1 udp 1 127.0.0.1 5000 typ host' };
  assert.equal(
    fragmentOf(sdp, [found], true),
    [...lines, `a=${found.candidate}`, 'a=end-of-candidates', ''].join('\r\n'),
  );
});

test('the answer gets the new credentials and candidates in each section', () => {
  const candidates = ['a=candidate:1 1 udp 1 192.0.2.2 5000 typ host', 'a=end-of-candidates'];
  assert.equal(
    restarted(ANSWER, FRAGMENT),
    [
      ...['v=0', 'a=ice-lite', 'm=video 9', 'a=ice-ufrag:new', 'a=ice-pwd:with$&+/', ...candidates],
      ...['m=audio 9', 'a=ice-ufrag:new', 'a=ice-pwd:with$&+/', ...candidates, 'a=mid:1', ''],
    ].join('\r\n'),
  );
  assert.throws(() => restarted(ANSWER, 'a=ice-ufrag:new\r\n'), /no credentials/);
});

async function connected() {
  const pc = new (fakePeerConnections())({});
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  await pc.setRemoteDescription({ type: 'answer', sdp: ANSWER });
  const clock = new FakeClock();
  return { clock, pc, offer, restarts: new IceRestarts(fakeEnvironment(clock)) };
}

test('a restart changes both descriptions once the server has agreed', async () => {
  const { pc, offer, restarts } = await connected();
  await restarts.restart(pc, async (fragment) => {
    assert.match(fragment, /a=ice-ufrag:abcd1\r\na=ice-pwd:secret1\r\n/);
    assert.equal(pc.localDescription, offer);
    assert.equal(restarts.running, true);
    return FRAGMENT;
  });
  assert.match(pc.localDescription.sdp, /a=ice-ufrag:abcd1/);
  assert.equal(pc.remoteDescription.sdp, restarted(ANSWER, FRAGMENT));
  assert.equal(restarts.running, false);
});

test('a restart that the server refuses changes nothing', async () => {
  const { pc, offer, restarts } = await connected();
  const refused = restarts.restart(pc, () => Promise.reject(new Error('no')));
  await assert.rejects(refused, /no/);
  assert.deepEqual(
    [pc.localDescription, pc.remoteDescription.sdp, restarts.running],
    [offer, ANSWER, false],
  );
});

test('only the last of several restarts counts, and none that was cancelled', async () => {
  const { pc, restarts } = await connected();
  const answers = [];
  const send = (_, signal) => new Promise((answer) => answers.push({ answer, signal }));
  await Promise.all([restarts.restart(pc, send), (restarts.cancel(), 0)]);
  assert.equal(answers.length, 0, 'cancelled before its offer');
  const first = restarts.restart(pc, send);
  await new Promise(setImmediate);
  const second = restarts.restart(pc, send);
  await new Promise(setImmediate);
  assert.deepEqual(
    answers.map(({ signal }) => signal.aborted),
    [true, false],
  );
  answers[1].answer(FRAGMENT);
  await second;
  const after = pc.localDescription;
  assert.match(after.sdp, /a=ice-ufrag:abcd3/);
  answers[0].answer(FRAGMENT.replace('new', 'late'));
  await first;
  const third = restarts.restart(pc, send);
  await new Promise(setImmediate);
  restarts.cancel();
  assert.equal(restarts.running, false);
  answers[2].answer(FRAGMENT);
  await third;
  assert.equal(pc.localDescription, after);
});

test('a request behind one without an answer uses another connection', async () => {
  const { clock, pc, restarts } = await connected();
  const { setTimeout } = fakeEnvironment(clock);
  const sent = [];
  const send = (fragment, signal, within, credentials) =>
    new Promise((_, reject) => {
      sent.push([clock.now, credentials]);
      const away = () => reject(Object.assign(new Error('away'), { status: 0 }));
      signal.addEventListener('abort', away);
      setTimeout(away, within);
    });
  void restarts.restart(pc, send).catch(() => {});
  await clock.advance(1_600);
  void restarts.restart(pc, send).catch(() => {});
  await clock.advance(100);
  assert.deepEqual(sent, [
    [0, 'same-origin'],
    [500, 'omit'],
    [1_500, 'same-origin'],
    [1_600, 'omit'],
  ]);
  restarts.cancel();
});

test('a server that cannot be reached is tried for two seconds, with new credentials', async () => {
  const { clock, pc, restarts } = await connected();
  const sent = [];
  const away = Object.assign(new Error('away'), { status: 0 });
  const refused = assert.rejects(
    restarts.restart(pc, async (fragment) => {
      sent.push(fragment);
      throw away;
    }),
    away,
  );
  await clock.advance(3_000);
  await refused;
  assert.equal(sent.length, 11);
  assert.equal(new Set(sent).size, sent.length);
  let tries = 0;
  const restarting = restarts.restart(pc, async () => {
    if (!tries++) throw away;
    return FRAGMENT;
  });
  await clock.advance(200);
  await restarting;
  assert.deepEqual([tries, restarts.running, clock.timers], [2, false, 0]);
  void restarts.restart(pc, () => Promise.reject(away));
  await clock.advance(100);
  restarts.cancel();
  assert.equal(clock.timers, 0);
});
