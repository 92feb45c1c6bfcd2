// The requests of creators and moderators.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ModerationApi } from '../../../web/js/moderation/moderation_api.js';
import { FakeServer } from '../fixtures/fake_server.mjs';

/** @param {(api: ModerationApi) => Promise<unknown>} act */
async function sent(act, key = 'key') {
  const server = new FakeServer();
  server.onrequest = (request) => request.answer(200, '{"log": [], "settings": {}}');
  globalThis.fetch = server.fetch;
  await act(new ModerationApi('a/b', key));
  const { method, url, body, headers } = server.last;
  return { method, url, body: body ? JSON.parse(body) : undefined, key: headers.Authorization };
}

const PATH = '/api/rooms/a%2Fb';
for (const [name, act, method, path, body] of [
  ['settings', (api) => api.change({ slow: 10 }), 'PATCH', '', { slow: 10 }],
  ['remove', (api) => api.remove(7), 'DELETE', '/messages/7'],
  ['restore', (api) => api.restore(7), 'POST', '/messages/7/restore', {}],
  ['pin', (api) => api.pin(7), 'PUT', '/pin', { message: 7 }],
  ['unpin', (api) => api.pin(null), 'DELETE', '/pin'],
  ['mute', (api) => api.mute('p', 60), 'PUT', '/mutes/p', { seconds: 60 }],
  ['end of a mute', (api) => api.mute('p', 0), 'DELETE', '/mutes/p'],
  ['ban for the live', (api) => api.ban('p', 'live'), 'PUT', '/bans/p', { for_good: false }],
  ['ban for good', (api) => api.ban('p', 'good'), 'PUT', '/bans/p', { for_good: true }],
  ['end of a ban', (api) => api.ban('p', 'none'), 'DELETE', '/bans/p'],
  ['moderator', (api) => api.setModerator('p', true), 'PUT', '/moderators/p', {}],
  ['words', (api) => api.setWords(['a']), 'PUT', '/words', { words: ['a'] }],
  ['shield', (api) => api.shield(true), 'PUT', '/shield', {}],
  ['end of the shield', (api) => api.shield(false), 'DELETE', '/shield'],
  ['show a held message', (api) => api.decideHeld(3, true), 'POST', '/held/3', {}],
  ['reject a held message', (api) => api.decideHeld(3, false), 'DELETE', '/held/3'],
  ['decide', (api) => api.decide('r', 'removed'), 'PUT', '/reports/r', { decision: 'removed' }],
]) {
  test(`${name}: ${method} ${path || '/'}`, async () => {
    assert.deepEqual(await sent(act), { method, url: PATH + path, body, key: 'Bearer key' });
  });
}

test('without a key the cookie says who moderates', async () => {
  assert.equal((await sent((api) => api.log(), null)).key, undefined);
});
