// Requests about clips.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { ClipsApi, clipQrUrl } from '../../../web/js/api/clips_api.js';

/** Answers every request with `answer`. Returns the requests. */
function server(answer = {}) {
  const asked = [];
  globalThis.fetch = async (path, { method = 'GET', body, headers, signal }) => {
    asked.push({ request: `${method} ${path}`, body: body && JSON.parse(body), headers, signal });
    return new Response(JSON.stringify(answer));
  };
  return asked;
}

test('a viewer makes a clip, chooses the ends, and can delete the draft', async () => {
  const asked = server({ id: 'c1' });
  const api = new ClipsApi('r1');
  await api.make(95_000_000);
  await api.read('c1');
  await api.save('c1', { start: 1, end: 2, title: 'A' });
  await api.delete('c1');
  assert.deepEqual(
    asked.map(({ request, body }) => [request, body]),
    [
      ['POST /api/rooms/r1/clips', { end: 95_000_000, seconds: 30 }],
      ['GET /api/clips/c1', undefined],
      ['PUT /api/clips/c1', { start: 1, end: 2, title: 'A' }],
      ['DELETE /api/clips/c1', undefined],
    ],
  );
  assert.ok(asked.every(({ headers, signal }) => !headers.Authorization && signal));
});

test('the creator lists, approves and restores with the key', async () => {
  const asked = server({ clips: [] });
  const api = new ClipsApi('r1', 'secret');
  assert.deepEqual(await api.list(), []);
  await api.approve('c1');
  await api.restore('c1');
  assert.deepEqual(
    asked.map(({ request }) => request),
    ['GET /api/rooms/r1/clips', 'POST /api/clips/c1/approve', 'POST /api/clips/c1/restore'],
  );
  assert.ok(asked.every(({ headers }) => headers.Authorization === 'Bearer secret'));
});

test('the creator publishes a moment at once, and waits as long as for any clip', async (t) => {
  const asked = server({ id: 'c1' });
  const timeout = t.mock.method(AbortSignal, 'timeout');
  await new ClipsApi('r1', 'secret').publishMoment({ start: 97e6, end: 113e6 });
  const body = { end: 113e6, seconds: 16, source: 'highlight', publish: true };
  const { request, body: sent, headers } = asked[0];
  assert.deepEqual([request, sent], ['POST /api/rooms/r1/clips', body]);
  assert.equal(headers.Authorization, 'Bearer secret');
  assert.ok(timeout.mock.calls.some(({ arguments: [ms] }) => ms === 20_000));
});

test('a clip has a QR code', () => {
  assert.equal(clipQrUrl('c1'), '/api/clips/c1/qr.svg');
});
