// Own messages on their way: again by themselves while nothing can be stored, back when refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError } from '../../../web/js/api/request.js';
import { MessageList } from '../../../web/js/chat/message_list.js';
import { Outbox } from '../../../web/js/chat/outbox.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';

/** An outbox whose server gives these answers in turn, and one own message. */
function make(...answers) {
  const clock = new FakeClock();
  const list = new MessageList();
  const seen = { sent: [], accepted: [], refused: [] };
  const write = async (body) => {
    seen.sent.push(body);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const listener = {
    changed: () => {},
    accepted: ({ n }) => seen.accepted.push(n),
    refused: (text, { code }) => seen.refused.push([text, code]),
  };
  const outbox = new Outbox({ write }, list, listener, fakeEnvironment(clock));
  const person = { id: 'p1', name: '민지', colour: 1, handle: null };
  const message = { n: Infinity, id: 'a', person, text: 'hello', at: 0, kind: 'chat' };
  list.write(message);
  return { clock, list, outbox, message, seen };
}
const states = (list) => list.entries.map(({ state }) => state);
const busy = () => new ApiError('busy', 503, { code: 'storage_unavailable', retryAfter: 2 });

test('an accepted message gets its number', async () => {
  const { list, outbox, message, seen } = make({ n: 7, id: 'a', person: null, text: 'hello' });
  await outbox.send({ ...message, media_time: 5, reply_to: { n: 3, name: '', text: '' } });
  assert.deepEqual(seen.sent, [{ id: 'a', text: 'hello', reply_to: 3, media_time: 5 }]);
  assert.deepEqual([states(list), seen.accepted, list.newest], [['shown'], [7], 7]);
});

test('while the server cannot store it, a message is sent three times, then by the reader', async () => {
  const { clock, list, outbox, message, seen } = make(busy(), busy(), busy());
  await outbox.send(message);
  assert.deepEqual(states(list), ['sending']);
  await clock.advance(1_999);
  assert.equal(seen.sent.length, 1);
  await clock.advance(2_001);
  assert.equal(seen.sent.length, 3);
  assert.deepEqual([states(list), clock.timers], [['failed'], 0]);
});

test('a refused message leaves the list', async () => {
  const { list, outbox, message, seen } = make(new ApiError('slow', 429, { code: 'slow_mode' }));
  await outbox.send(message);
  assert.deepEqual([states(list), seen.refused], [[], [['hello', 'slow_mode']]]);
});

test('a closed outbox sends nothing', async () => {
  const { clock, outbox, message, seen } = make(busy());
  await outbox.send(message);
  outbox.close();
  await clock.advance(10_000);
  await settle();
  assert.equal(seen.sent.length, 1);
});

for (const [name, answer] of [
  ['that accepts', { n: 7, id: 'a', person: null, text: 'hello' }],
  ['that refuses', new ApiError('slow', 429, { code: 'slow_mode' })],
  ['that the server is busy', busy()],
])
  test(`an answer ${name} changes nothing in a closed outbox`, async () => {
    const { clock, outbox, message, seen } = make(answer);
    const sent = outbox.send(message);
    outbox.close();
    await sent;
    await clock.advance(10_000);
    assert.deepEqual([seen.sent.length, seen.accepted, seen.refused, clock.timers], [1, [], [], 0]);
  });
