// What people wrote and tapped in a part of a live.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { timelineOf } from '../../../web/js/api/timeline_api.js';

/** Gives these answers, one for each request; returns the requests. */
function server(...answers) {
  const asked = [];
  globalThis.fetch = async (path) => {
    asked.push(path);
    return new Response(JSON.stringify(answers.shift()));
  };
  return asked;
}

const answer = (until, ...bodies) => ({
  until,
  messages: bodies.map((body) => ({ body })),
  hearts: bodies.map((_, second) => ({ second, emoji: { heart: 1 } })),
});

test('a part with many messages comes in several answers', async () => {
  const asked = server(answer(14, 'a', 'b'), answer(17, 'c'), answer(20));
  const { until, messages, hearts } = await timelineOf('r1', 10, 20);
  assert.deepEqual(asked, [
    '/api/rooms/r1/timeline?from=10&to=20',
    '/api/rooms/r1/timeline?from=14&to=20',
    '/api/rooms/r1/timeline?from=17&to=20',
  ]);
  assert.deepEqual(
    messages.map(({ body }) => body),
    ['a', 'b', 'c'],
  );
  assert.deepEqual([until, hearts.length], [20, 3]);
});

test('an answer that does not go on is the last one', async () => {
  const asked = server(answer(10, 'a'), answer(10, 'a'));
  assert.equal((await timelineOf('r1', 10, 20)).messages.length, 1);
  assert.equal(asked.length, 1);
});
