// What screen readers hear of the chat.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { Announcer } from '../../../web/js/chat/announcer.js';
import { FakeClock, fakeEnvironment } from '../fixtures/fake_clock.mjs';

test('the first message is spoken, then only how many came', async () => {
  const clock = new FakeClock();
  const said = [];
  const announcer = new Announcer((text) => said.push(text), fakeEnvironment(clock));
  for (let n = 0; n < 13; n++) announcer.add(`message ${n}`);
  assert.deepEqual(said, ['message 0']);
  await clock.advance(5_000);
  assert.deepEqual(said.slice(1), ['12 new messages']);
  await clock.advance(5_000);
  announcer.add('later');
  assert.equal(said.at(-1), 'later');
  announcer.close();
  assert.equal(clock.timers, 0);
});
