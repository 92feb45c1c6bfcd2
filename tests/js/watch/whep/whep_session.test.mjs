// One WHEP session on a fake network.
import '../../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { WhepError, WhepSession } from '../../../../web/js/watch/whep/whep_session.js';
import { FakeClock, fakeEnvironment, settle } from '../../fixtures/fake_clock.mjs';
import { FakeServer } from '../../fixtures/fake_server.mjs';

const ANSWER = 'v=0\r\na=msid:live audio\r\na=msid:live video\r\n';
const LINK = '<turn:turn.example?transport=udp>; rel="ice-server"; username="u"; credential="c"';

function connections() {
  return class FakePeerConnection {
    static made = [];
    connectionState = 'new';
    transceivers = [];
    described = [];

    constructor(configuration) {
      this.configuration = configuration;
      this.constructor.made.push(this);
    }

    addTransceiver = (kind, { direction }) => void this.transceivers.push(`${kind} ${direction}`);
    getConfiguration = () => this.configuration;
    setConfiguration = (configuration) => void (this.configuration = configuration);
    remoteDescription = null;
    createOffer = async ({ iceRestart = false } = {}) => ({
      type: 'offer',
      sdp: iceRestart ? 'a=ice-ufrag:mine\r\na=ice-pwd:secret\r\n' : 'the offer',
    });
    setLocalDescription = async ({ type }) => void this.described.push(type);
    setRemoteDescription = async (description) => {
      this.remoteDescription = description;
      this.described.push(description.sdp);
    };
    close = () => void (this.connectionState = 'closed');
  };
}

function begin(options = {}) {
  const clock = new FakeClock();
  const server = new FakeServer();
  const RTCPeerConnection = connections();
  const tracks = [];
  const states = [];
  const session = new WhepSession(
    {
      endpoint: 'http://host/whep/room',
      track: (track) => void tracks.push(track),
      changed: (state) => void states.push(state),
      loose: false,
      ...options,
    },
    fakeEnvironment(clock, { fetch: server.fetch, RTCPeerConnection }),
  );
  return { clock, server, session, tracks, states, pc: RTCPeerConnection.made[0] };
}

const CREATED = { Location: '/whep/room/1', Link: LINK };

test('an offer to receive is answered, with the ICE servers of the answer', async () => {
  const { server, session, pc } = begin();
  const opening = session.open();
  await settle();
  const { method, url, body, headers } = server.last;
  assert.deepEqual(
    [method, url, body, headers['Content-Type']],
    ['POST', 'http://host/whep/room', 'the offer', 'application/sdp'],
  );
  server.last.answer(201, ANSWER, CREATED);
  await opening;
  assert.deepEqual(pc.transceivers, ['video recvonly', 'audio recvonly']);
  assert.deepEqual(pc.described, ['offer', ANSWER]);
  assert.deepEqual(pc.configuration.iceServers, [
    { urls: 'turn:turn.example?transport=udp', username: 'u', credential: 'c' },
  ]);
});

test('where the page synchronises, audio and video are two streams', async () => {
  const { server, session, pc } = begin({ loose: true });
  const opening = session.open();
  await settle();
  server.last.answer(201, ANSWER, CREATED);
  await opening;
  assert.match(pc.described[1], /a=msid:sound audio\r\na=msid:live video/);
});

for (const [status, code, early, final] of [
  [409, 'room_not_live', true, false],
  [404, 'room_not_found', false, false],
  [406, 'no_common_codec', false, true],
  [429, 'rate_limited', false, false],
]) {
  test(`a refusal with ${status} has a code and words`, async () => {
    const { server, session } = begin();
    const opening = session.open();
    await settle();
    server.last.refuse(status, { error: 'text of the server', code });
    const error = await opening.catch((reason) => reason);
    assert.ok(error instanceof WhepError);
    assert.deepEqual(
      [error.status, error.code, error.early, error.final],
      [status, code, early, final],
    );
    assert.notEqual(error.message, 'text of the server');
  });
}

test('a server that cannot be reached has status 0', async () => {
  const { server, session } = begin();
  const opening = session.open();
  await settle();
  server.last.fail();
  assert.deepEqual(await opening.catch(({ status, final }) => [status, final]), [0, false]);
});

test('a server that does not answer within eight seconds is not reached', async () => {
  const { clock, server, session } = begin();
  const opening = session.open().catch(({ status }) => status);
  await clock.advance(7_999);
  assert.equal(server.last.aborted, false);
  await clock.advance(1);
  assert.equal(await opening, 0);
});

const ICE = ['a=ice-ufrag:old', 'a=ice-pwd:stale', ''].join('\r\n');
const NEW_ICE = ['a=ice-ufrag:new', 'a=ice-pwd:fresh', ''].join('\r\n');

async function opened() {
  const made = begin();
  const opening = made.session.open();
  await settle();
  made.server.last.answer(201, ICE, CREATED);
  await opening;
  return made;
}

test('a restart of ICE sends the new credentials and applies those of the server', async () => {
  const { clock, server, session, pc } = await opened();
  const restarting = session.restart();
  await settle();
  const { method, url, body, headers } = server.last;
  assert.deepEqual(
    [method, url, headers['If-Match'], headers['Content-Type']],
    ['PATCH', 'http://host/whep/room/1', '*', 'application/trickle-ice-sdpfrag'],
  );
  assert.match(body, /a=ice-ufrag:mine\r\na=ice-pwd:secret/);
  assert.equal(session.restarting, true);
  server.last.answer(200, NEW_ICE);
  await restarting;
  assert.deepEqual(pc.described, ['offer', ICE, 'offer', NEW_ICE]);
  assert.equal(clock.timers, 0);
});

test('a restart without an answer is tried again for two seconds, and changes nothing', async () => {
  const { clock, server, session, pc } = await opened();
  const restarting = assert.rejects(session.restart(), { status: 0 });
  await clock.advance(4_000);
  await restarting;
  assert.deepEqual([pc.described, session.restarting], [['offer', ICE], false]);
  const closed = assert.rejects(session.restart(), { status: 0 });
  await settle();
  session.close();
  await closed;
  await session.restart();
  assert.deepEqual([server.of('PATCH').length, clock.timers], [4, 0]);
});

test('a restart is tried again if the network is lost within the answer', async () => {
  const { clock, server, session, pc } = await opened();
  const restarting = session.restart();
  await settle();
  server.last.answer(200, cut());
  await clock.advance(200);
  server.last.answer(200, NEW_ICE);
  await restarting;
  assert.deepEqual(pc.described, ['offer', ICE, 'offer', NEW_ICE]);
});

/** A body that ends with an error. */
function cut() {
  return new ReadableStream({ start: (body) => body.error(new TypeError('network error')) });
}

test('a session closed while it opens is deleted, and the answer is not applied', async () => {
  const { server, session, pc } = begin();
  const opening = session.open();
  await settle();
  session.close();
  server.last.answer(201, ANSWER, CREATED);
  await opening;
  assert.deepEqual(
    [server.last.method, server.last.url, server.last.keepalive],
    ['DELETE', 'http://host/whep/room/1', true],
  );
  assert.deepEqual(pc.described, []);
});

test('a connected session says goodbye by DTLS, without a DELETE', async () => {
  const { server, session, pc, states } = begin();
  const opening = session.open();
  await settle();
  server.last.answer(201, ANSWER, CREATED);
  await opening;
  pc.connectionState = 'connected';
  pc.onconnectionstatechange();
  session.close();
  assert.deepEqual(server.of('DELETE'), []);
  assert.deepEqual(
    [states, pc.connectionState, pc.ontrack, pc.onconnectionstatechange],
    [['connected'], 'closed', null, null],
  );
});

test('tracks begin with the smallest jitter buffer', () => {
  const { pc, tracks } = begin();
  const receiver = { jitterBufferTarget: 200 };
  pc.ontrack({ track: 'video', receiver });
  assert.deepEqual([tracks, receiver.jitterBufferTarget], [['video'], 0]);
});
