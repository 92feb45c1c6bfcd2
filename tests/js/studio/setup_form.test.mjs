// The form before going live.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { SetupForm } from '../../../web/js/studio/setup_form.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';

/** A form whose submissions end as `results` say: with null, or with a refusal. */
function make(...results) {
  const byId = fakePage();
  const clock = new FakeClock();
  const submitted = [];
  const submit = async (title, token) => {
    submitted.push([title, token]);
    const refusal = results.shift();
    if (refusal) throw refusal;
  };
  const form = new SetupForm(submit, fakeEnvironment(clock));
  byId('token-field').hidden = true;
  const press = async () => {
    byId('setup').dispatchEvent(new Event('submit', { cancelable: true }));
    await settle();
  };
  const button = () => [byId('go-live').disabled, byId('go-live-label').textContent];
  return { byId, clock, form, press, submitted, button };
}

test('it submits the title and the token without spaces around them', async () => {
  const { byId, press, submitted, button } = make();
  byId('title').value = ' A title ';
  byId('token').value = ' secret ';
  await press();
  assert.deepEqual([submitted, button()], [[['A title', 'secret']], [false, 'Go live']]);
});

test('a refusal is shown, and the button counts down when the server asks to wait', async () => {
  const { byId, clock, press, submitted, button } = make({
    status: 429,
    message: 'Too many.',
    retryAfter: 2,
  });
  await press();
  assert.equal(byId('setup-error').textContent, 'Too many.');
  assert.deepEqual(button(), [true, 'Try again in 2 s']);
  await press();
  assert.equal(submitted.length, 1);
  await clock.advance(1_000);
  assert.deepEqual(button(), [true, 'Try again in 1 s']);
  await clock.advance(1_000);
  assert.deepEqual([button(), clock.timers], [[false, 'Go live'], 0]);
  await press();
  assert.deepEqual([submitted.length, byId('setup-error').textContent], [2, '']);
});

test('a missing or wrong token is asked for', async () => {
  for (const status of [401, 403]) {
    const { byId, press, button } = make({ status, message: 'Needs a token.' });
    await press();
    assert.deepEqual([byId('token-field').hidden, byId('token').focused], [false, true]);
    assert.deepEqual(button(), [false, 'Go live']);
  }
});

test('closing ends the countdown and the listening', async () => {
  const { clock, form, press, submitted } = make({ status: 429, retryAfter: 9 });
  await press();
  form.close();
  await press();
  assert.deepEqual([clock.timers, submitted.length], [0, 1]);
});
