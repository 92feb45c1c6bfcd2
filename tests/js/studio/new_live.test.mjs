// The room of a live, and the creator's choice of the replay.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { createLive } from '../../../web/js/studio/new_live.js';
import { FakeServer } from '../fixtures/fake_server.mjs';

/** A server that creates a room, and answers other requests with this status. */
function serverThat(status) {
  const server = new FakeServer();
  server.onrequest = (request) =>
    request.url === '/api/rooms'
      ? request.answer(201, '{"room": "r", "key": "k"}')
      : request.answer(request.method === 'PUT' ? status : 204, '{}');
  globalThis.fetch = server.fetch;
  const asked = () =>
    server.requests.map(({ method, url, headers }) => [method, url, headers.Authorization]);
  return { server, asked };
}

const CREATED = ['POST', '/api/rooms', 'Bearer token'];
const CHOSEN = ['PUT', '/api/rooms/r/replay', 'Bearer k'];

test('the choice of the creator follows the room; the choice of the server needs no request', async () => {
  const { server, asked } = serverThat(200);
  assert.equal((await createLive('Hi', 'token', { length: 60 }, 'no')).room, 'r');
  assert.deepEqual(asked(), [CREATED, CHOSEN]);
  assert.deepEqual(server.requests.map(({ body }) => body).slice(0, 2), [
    '{"title":"Hi","length":60}',
    '{"keep":"no"}',
  ]);
  await createLive('', 'token', {}, null);
  assert.deepEqual(asked().slice(2), [CREATED]);
});

test('a room whose replay cannot be chosen ends', async () => {
  const { asked } = serverThat(503);
  await assert.rejects(createLive('', 'token', {}, 'no'), { status: 503 });
  assert.deepEqual(asked(), [CREATED, CHOSEN, ['DELETE', '/api/rooms/r', 'Bearer k']]);
});
