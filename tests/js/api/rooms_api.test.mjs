// The HTTP interface as the pages use it.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import * as api from '../../../web/js/api/rooms_api.js';
import { FakeClock, fakeEnvironment } from '../fixtures/fake_clock.mjs';
import { FakeServer } from '../fixtures/fake_server.mjs';

/** A server that gives every request this answer. */
function answering(status, body, headers = {}) {
  const server = new FakeServer();
  server.onrequest = (request) => request.answer(status, body, headers);
  globalThis.fetch = server.fetch;
  return server;
}

test('requests name the room, carry the key and ask for JSON', async () => {
  const server = answering(200, '{"room": "a/b", "state": "live"}');
  assert.equal((await api.roomInfo('a/b')).state, 'live');
  await api.createRoom('A title', 'token');
  await api.createRoom('', null);
  const [info, create, plain] = server.requests;
  assert.equal(info.url, '/api/rooms/a%2Fb');
  assert.deepEqual([create.method, create.body], ['POST', '{"title":"A title"}']);
  assert.equal(create.headers.Authorization, 'Bearer token');
  assert.equal(create.headers.Accept, 'application/json');
  assert.deepEqual([plain.body, plain.headers.Authorization], ['{}', undefined]);
});

test('a room ends with its key, also while the page unloads', async () => {
  const server = answering(204, '');
  assert.equal(await api.endRoom('abc', 'key'), null);
  const { method, keepalive, headers } = server.last;
  assert.deepEqual([method, keepalive, headers.Authorization], ['DELETE', true, 'Bearer key']);
});

test('a refusal has words of the page; for an unknown code those of the server', async () => {
  answering(429, '{"error": "Slow.", "code": "rate_limited", "retry_after": 5}', {
    'Retry-After': '5',
  });
  const { message, ...known } = await api.roomInfo('abc').catch((error) => error);
  assert.deepEqual(known, { status: 429, code: 'rate_limited', retryAfter: 5 });
  assert.notEqual(message, 'Slow.');
  answering(418, '{"error": "A teapot.", "code": "teapot"}');
  await assert.rejects(api.roomInfo('abc'), { message: 'A teapot.', status: 418, retryAfter: 0 });
  answering(502, '');
  await assert.rejects(api.roomInfo('abc'), { message: 'The server answered 502.', code: '' });
});

test('an unreachable server and an answer that is no JSON both have status 0', async () => {
  const server = answering(200, '<html>Welcome to our network</html>');
  await assert.rejects(api.liveRooms(), { name: 'Error', status: 0 });
  server.onrequest = (request) => request.fail();
  await assert.rejects(api.liveRooms(), { name: 'Error', status: 0 });
});

for (const [name, ask, within] of [
  ['a room', (environment) => api.roomInfo('abc', environment), 8_000],
  ['its health', (environment) => api.roomHealth('abc', 'key', environment), 3_000],
]) {
  test(`a request for ${name} ends after ${within / 1_000} s without an answer`, async () => {
    const clock = new FakeClock();
    const server = new FakeServer();
    const asked = ask(fakeEnvironment(clock, { fetch: server.fetch })).catch((error) => error);
    await clock.advance(within - 1);
    assert.equal(server.last.aborted, false);
    await clock.advance(1);
    assert.deepEqual([server.last.aborted, (await asked).status], [true, 0]);
  });
}
