// The shield: one tap raises it, another lowers it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ShieldButton } from '../../../web/js/studio/shield_button.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';
import '../fixtures/english.mjs';

function make(answer) {
  const byId = fakePage();
  const clock = new FakeClock();
  const calls = [];
  const environment = fakeEnvironment(clock);
  const shield = async (on) => {
    calls.push(on);
    return answer(on, environment.date());
  };
  const button = new ShieldButton({ shield }, environment);
  const shown = () => [byId('shield').attributes['aria-pressed'], byId('shield-time').textContent];
  return { byId, clock, calls, button, shown };
}

test('a tap raises the shield, and the button counts down until the next tap', async () => {
  const { byId, clock, calls, button, shown } = make((on, now) => ({
    shield: { on, until: on ? now + 600_000 : null },
  }));
  assert.deepEqual(shown(), ['false', '']);
  byId('shield').click();
  await settle();
  assert.deepEqual(shown(), ['true', '10:00']);
  await clock.advance(1_000);
  assert.deepEqual(shown(), ['true', '9:59']);
  byId('shield').click();
  await settle();
  assert.deepEqual(
    [shown(), calls],
    [
      ['false', ''],
      [true, false],
    ],
  );
  button.close();
  assert.equal(clock.timers, 0);
});

test('a refused tap changes nothing', async () => {
  const { byId, button, shown } = make(() => {
    throw new Error('no');
  });
  byId('shield').click();
  await settle();
  assert.deepEqual(shown(), ['false', '']);
  button.close();
});
