// The poll of a live's health, on a fake clock.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { HealthPoll } from '../../../web/js/publish/health_poll.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';

function make(ask) {
  const clock = new FakeClock();
  const asked = [];
  const [heard, gone] = [[], []];
  const poll = new HealthPoll(
    () => {
      asked.push(clock.now);
      return ask(asked.length, clock);
    },
    (health) => heard.push(health),
    (why) => gone.push(why),
    fakeEnvironment(clock),
  );
  return { clock, asked, heard, gone, poll };
}

const refusal = (status, retryAfter) =>
  Promise.reject(Object.assign(new Error('no'), { status, retryAfter }));

test('it asks at once and then once a second', async () => {
  const { clock, asked, heard } = make(async (n) => n);
  await clock.advance(3_000);
  assert.deepEqual(
    [asked, heard],
    [
      [0, 1_000, 2_000, 3_000],
      [1, 2, 3, 4],
    ],
  );
});

test('a slow answer delays the next question, and two are never under way', async () => {
  let answer;
  const { clock, asked } = make((n) =>
    n === 1 ? new Promise((resolve) => (answer = resolve)) : Promise.resolve(n),
  );
  await clock.advance(2_500);
  assert.deepEqual(asked, [0]);
  answer({});
  await clock.advance(0);
  assert.deepEqual(asked, [0, 2_500]);
});

test('the server may ask for a longer pause; other failures do not stop the poll', async () => {
  const { clock, asked, gone } = make((n) =>
    n === 1 ? refusal(429, 5) : n === 2 ? refusal(0) : Promise.resolve({}),
  );
  await clock.advance(6_000);
  assert.deepEqual([asked, gone], [[0, 5_000, 6_000], []]);
});

test('a room that has ended, or is unknown, is reported once', async () => {
  for (const status of [404, 410]) {
    const { clock, asked, gone } = make(() => refusal(status));
    await clock.advance(5_000);
    assert.deepEqual([asked.length, gone.length, clock.timers], [1, 1, 0]);
  }
});

test('nothing is reported after close', async () => {
  for (const result of [Promise.resolve({}), refusal(404)]) {
    const { clock, asked, heard, gone, poll } = make(() => result);
    poll.close();
    await settle();
    await clock.advance(5_000);
    assert.deepEqual([asked.length, heard, gone, clock.timers], [1, [], [], 0]);
  }
});
