// One WHIP session, on a fake clock, server and WebRTC.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { WhipError, WhipSession, videoCodecs } from '../../../web/js/publish/whip.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { FakeServer } from '../fixtures/fake_server.mjs';
import { fakePeerConnections, fakeStream } from '../fixtures/fake_webrtc.mjs';

function make() {
  const [clock, server, connections] = [new FakeClock(), new FakeServer(), fakePeerConnections()];
  const states = [];
  const session = new WhipSession({
    endpoint: 'http://server/whip/abc',
    key: 'secret',
    iceServers: [{ urls: 'stun:old' }],
    stream: fakeStream(),
    encoding: { maxBitrate: 1 },
    changed: (state) => states.push(state),
    environment: fakeEnvironment(clock, { fetch: server.fetch, RTCPeerConnection: connections }),
  });
  return { clock, server, session, pc: session.pc, states };
}

/** A session whose offer was answered. */
async function open(headers = { Location: '/whip/abc/1' }, answer = 'the answer') {
  const made = make();
  const opened = made.session.open();
  await settle();
  made.server.last.answer(201, answer, headers);
  await opened;
  return made;
}

test('the offer has the key, no candidates; the answer names session and ICE servers', async () => {
  const { server, pc } = await open({
    Location: '/whip/abc/1',
    Link: '<turn:new>; rel="ice-server"; username="u"; credential="c"',
  });
  const [{ method, url, headers, body }] = server.requests;
  assert.deepEqual(
    [method, url, headers.Authorization, headers['Content-Type']],
    ['POST', 'http://server/whip/abc', 'Bearer secret', 'application/sdp'],
  );
  assert.ok(!body.includes('a=candidate'));
  assert.equal(pc.remoteDescription.sdp, 'the answer');
  assert.deepEqual(pc.configuration.iceServers, [
    { urls: 'turn:new', username: 'u', credential: 'c' },
  ]);
});

test('candidates that come together go out in one PATCH, to the Location', async () => {
  const { clock, server, pc } = await open();
  pc.found('candidate:1 1 udp 1 127.0.0.1 5000 typ host');
  pc.found('candidate:2 1 udp 1 127.0.0.1 5001 typ host');
  await clock.advance(49);
  pc.found(null);
  await clock.advance(50);
  const [patch, ...more] = server.of('PATCH');
  assert.deepEqual(more, []);
  assert.equal(patch.url, 'http://server/whip/abc/1');
  assert.equal(patch.body.match(/^a=candidate:/gm).length, 2);
  assert.match(patch.body, /a=end-of-candidates\r\n$/);
  patch.answer(204);
  await clock.advance(10_000);
  assert.equal(server.of('PATCH').length, 1);
});

test('a PATCH without an answer ends after eight seconds, and the others go on', async () => {
  const { clock, server, pc, session } = await open();
  pc.found('candidate:1 1 udp 1 127.0.0.1 5000 typ host');
  await clock.advance(50);
  const [slow] = server.of('PATCH');
  await clock.advance(7_900);
  pc.found('candidate:2 1 udp 1 127.0.0.1 5001 typ host');
  await clock.advance(200);
  const [, second] = server.of('PATCH');
  assert.deepEqual([slow.aborted, second.aborted], [true, false]);
  second.answer(204);
  pc.found(null);
  await clock.advance(100);
  assert.equal(server.of('PATCH').length, 3);
  assert.equal(server.last.aborted, false);
  const ended = session.end();
  await settle();
  assert.equal(server.last.method, 'DELETE');
  server.last.answer(200);
  await ended;
});

const NEW_ICE = 'a=ice-ufrag:new\r\na=ice-pwd:fresh\r\n';
const ICE = 'm=video 9\r\na=ice-ufrag:old\r\na=ice-pwd:stale\r\n';

test('a restart of ICE sends the new credentials and applies those of the server', async () => {
  const headers = { Location: '/whip/abc/1', ETag: '"one"' };
  const { clock, server, session, pc } = await open(headers, ICE);
  pc.found('candidate:1 1 udp 1 127.0.0.1 5000 typ host');
  await clock.advance(50);
  assert.equal(server.last.headers['If-Match'], '"one"');
  const restarting = session.restart();
  await settle();
  const { method, url, body, headers: sent } = server.last;
  assert.deepEqual(
    [method, url, sent['If-Match'], sent['Content-Type']],
    ['PATCH', 'http://server/whip/abc/1', '*', 'application/trickle-ice-sdpfrag'],
  );
  assert.match(body, /a=ice-ufrag:abcd1\r\na=ice-pwd:secret1/);
  pc.found('candidate:2 1 udp 1 127.0.0.1 5001 typ host');
  await clock.advance(100);
  assert.equal(server.of('PATCH').length, 2, 'candidates wait for the new ETag');
  server.last.answer(200, NEW_ICE, { ETag: '"two"' });
  await restarting;
  assert.match(pc.localDescription.sdp, /a=ice-ufrag:abcd1/);
  assert.equal(pc.remoteDescription.sdp, `m=video 9\r\n${NEW_ICE}`);
  pc.found('candidate:3 1 udp 1 127.0.0.1 5002 typ host');
  await clock.advance(50);
  assert.equal(server.last.headers['If-Match'], '"two"');
  assert.match(server.last.body, /a=ice-ufrag:abcd1[^]*candidate:3/);
  assert.ok(!server.last.body.includes('candidate:2'), 'a candidate of the old path');
});

test('a restart that is refused or not answered changes nothing', async () => {
  const { clock, server, session, pc } = await open(undefined, ICE);
  const before = [pc.localDescription, pc.remoteDescription];
  const refused = assert.rejects(session.restart(), { status: 422, code: 'bad_ice_restart' });
  await settle();
  assert.equal(session.restarting, true);
  server.last.refuse(422, { error: 'no', code: 'bad_ice_restart' });
  await refused;
  const unanswered = assert.rejects(session.restart(), { status: 0 });
  await clock.advance(4_000);
  await unanswered;
  assert.equal(server.of('PATCH').length, 1 + 3, 'each waits longer: 0.5 s, 1 s, 2 s');
  assert.equal(session.restarting, false);
  assert.deepEqual([pc.localDescription, pc.remoteDescription], before);
});

test('a restart waits for a probe, and nothing is probed during a restart', async () => {
  const { server, session, pc } = await open(undefined, LIMITED + ICE);
  const probed = session.probe();
  const restarting = session.restart();
  await probed;
  await settle();
  assert.match(server.last.body, /a=ice-ufrag:abcd1/);
  const applied = pc.remoteDescription;
  await session.probe();
  assert.equal(pc.remoteDescription, applied);
  server.last.answer(200, NEW_ICE);
  await restarting;
  assert.match(pc.remoteDescription.sdp, /TIAS:3750001[^]*a=ice-pwd:fresh/);
  await session.probe();
  assert.match(pc.remoteDescription.sdp, /TIAS:3750002/);
});

test('a session without an answer, or that is closed, restarts nothing', async () => {
  const { server, session } = make();
  await session.restart();
  session.close();
  await session.restart();
  assert.equal(server.requests.length, 0);
});

const LIMITED = 'm=video 9\r\nb=TIAS:3750000\r\na=rtcp-fb:96 transport-cc\r\n';

test('a probe raises the maximum of the estimate, without a request to the server', async () => {
  const { server, session, pc } = await open(undefined, LIMITED);
  assert.equal(session.maxEstimate, 3_750_000);
  await session.probe();
  await session.probe();
  assert.equal(pc.remoteDescription.type, 'answer');
  assert.equal(pc.remoteDescription.sdp, LIMITED.replace('3750000', '3750002'));
  assert.equal(pc.localDescription.type, 'offer');
  assert.equal(server.requests.length, 1);
});

test('an answer without a maximum, or without arrival times, is never applied again', async () => {
  for (const answer of ['the answer', LIMITED.replace('transport-cc', 'goog-remb')]) {
    const { session, pc } = await open(undefined, answer);
    const before = pc.localDescription;
    await session.probe();
    assert.deepEqual([session.maxEstimate, pc.localDescription], [NaN, before]);
  }
});

test('a browser that would restart ICE keeps its connection and is not probed again', async () => {
  const { session, pc } = await open(undefined, LIMITED);
  const [local, { createOffer }] = [pc.localDescription, pc];
  pc.createOffer = async () => ({ type: 'offer', sdp: 'a=ice-ufrag:other\r\n' });
  await session.probe();
  pc.createOffer = createOffer;
  await session.probe();
  assert.deepEqual([pc.localDescription, pc.remoteDescription.sdp], [local, LIMITED]);
});

test('a browser that refuses the raised maximum goes back and is not probed again', async () => {
  const { session, pc } = await open(undefined, LIMITED);
  const local = pc.localDescription;
  let refused = 0;
  pc.setRemoteDescription = async () => {
    refused++;
    throw new TypeError('no');
  };
  await session.probe();
  assert.equal(pc.localDescription, local);
  await session.probe();
  assert.equal(refused, 1);
});

test('an offer without an answer fails after eight seconds', async () => {
  const { clock, session } = make();
  const opened = assert.rejects(session.open(), { status: 0 });
  await clock.advance(8_000);
  await opened;
});

test('closing aborts what is under way, deletes nothing and makes no further request', async () => {
  const { clock, server, session, pc, states } = await open();
  pc.found('candidate:1 1 udp 1 127.0.0.1 5000 typ host');
  await clock.advance(50);
  pc.found('candidate:2 1 udp 1 127.0.0.1 5000 typ host');
  session.close();
  pc.become('failed');
  await clock.advance(20_000);
  assert.equal(server.last.aborted, true);
  assert.deepEqual(
    server.requests.map(({ method }) => method),
    ['POST', 'PATCH'],
  );
  assert.deepEqual([pc.connectionState, states, clock.timers], ['closed', [], 0]);
});

test('a session that is closed before its offer sends none', async () => {
  const { server, session, clock } = make();
  const opened = assert.rejects(session.open());
  session.close();
  await opened;
  assert.deepEqual([server.requests.length, clock.timers], [0, 0]);
});

test('ending stops sending, deletes the session, and closes the connection last', async () => {
  const { server, session, pc } = await open();
  const ended = session.end();
  await settle();
  assert.ok(pc.senders.every(({ track }) => track === null));
  const { method, keepalive, url } = server.last;
  assert.deepEqual(
    [method, keepalive, url, pc.connectionState],
    ['DELETE', true, 'http://server/whip/abc/1', 'new'],
  );
  server.last.answer(200);
  await ended;
  assert.equal(pc.connectionState, 'closed');
});

test('an end before the answer deletes the session that the answer names', async () => {
  const { server, session } = make();
  const opened = session.open();
  await settle();
  const ended = session.end();
  server.last.answer(201, 'the answer', { Location: '/whip/abc/1' });
  await settle();
  assert.equal(server.last.method, 'DELETE');
  server.last.answer(200);
  await Promise.all([opened, ended]);
});

test('a refusal has a text, a code and a time to wait, from JSON or plain text', async () => {
  const json = (error, code) => JSON.stringify({ error, code, retry_after: 5 });
  const cases = [
    [503, json('Busy.', 'of another version'), '5', ['Busy.', 'of another version', 5, false]],
    [409, json('Over.', 'room_ended'), '', ['This live has ended.', 'room_ended', 0, true]],
    [429, 'Slow down', '3', ['Slow down', '', 3, false]],
    [502, '', '', ['The server answered 502.', '', 0, false]],
    [500, '[1]', 'soon', ['The server answered 500.', '', 0, false]],
  ];
  for (const [status, body, retryAfter, expected] of cases) {
    const { server, session } = make();
    const opened = session.open().catch((error) => error);
    await settle();
    server.last.answer(status, body, { 'Retry-After': retryAfter });
    const error = await opened;
    const seen = [error.message, error.code, error.retryAfter, error.final];
    assert.deepEqual([error.status, ...seen], [status, ...expected]);
  }
});

test('only refusals that another attempt cannot change are final', () => {
  for (const status of [401, 403, 404, 409, 410, 422]) assert.ok(new WhipError('', status).final);
  for (const status of [0, 429, 500, 503]) assert.ok(!new WhipError('', status).final);
});

test('H.264 Constrained Baseline comes first, VP8 only without H.264', () => {
  const codec = (mimeType, sdpFmtpLine = '') => ({ mimeType, sdpFmtpLine });
  const high = codec('video/H264', 'packetization-mode=1;profile-level-id=640c1f');
  const baseline = codec('video/H264', 'packetization-mode=1;profile-level-id=42e01f');
  const single = codec('video/H264', 'packetization-mode=0;profile-level-id=42e01f');
  const [vp8, rtx, av1] = [codec('video/VP8'), codec('video/rtx'), codec('video/AV1')];
  assert.deepEqual(videoCodecs([av1, vp8, single, high, baseline, rtx]), [
    baseline,
    high,
    single,
    rtx,
  ]);
  assert.deepEqual(videoCodecs([av1, vp8, rtx]), [vp8, rtx]);
  assert.deepEqual(videoCodecs([av1, rtx]), []);
});
