// The creator's choice of the replay, the notice while live, and the card in the summary.
import assert from 'node:assert/strict';
import test from 'node:test';
import { RecordingWatch } from '../../../web/js/studio/recording_watch.js';
import { ReplayCard } from '../../../web/js/studio/replay_card.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';
import '../fixtures/english.mjs';

const REPLAY = {
  ...{ state: 'finished', keep: 'day', began_at: 1, duration: 60, bytes: 9, note: '', pieces: [] },
  delete_at: 1_790_000_000,
};

test('the creator learns once that the live is no longer recorded', async () => {
  const clock = new FakeClock();
  const said = [];
  let replay = { ...REPLAY, state: 'recording' };
  let asked = 0;
  const api = {
    async replay() {
      asked++;
      if (asked === 2) throw new Error('away');
      return replay;
    },
  };
  const notice = { say: (topic, text) => said.push([topic, text]) };
  const watch = new RecordingWatch(api, notice, fakeEnvironment(clock));
  await clock.advance(20_000);
  await settle();
  assert.deepEqual([asked, said], [2, []]);
  replay = { ...REPLAY, state: 'stopped', note: 'disk_full' };
  await clock.advance(10_000);
  await settle();
  assert.match(said[0][1], /goes on/);
  await clock.advance(60_000);
  assert.equal(asked, 3);
  watch.close();
  assert.deepEqual(said.at(-1), ['recording', '']);
});

function card(answers) {
  const byId = fakePage();
  const inputs = ['yes', 'day', 'no'].map((value) => Object.assign(byId(value), { value }));
  byId('replay-keep').querySelectorAll = () => inputs;
  byId('replay-dialog').showModal = () => calls.push('ask');
  const clock = new FakeClock();
  const calls = [];
  const api = {
    replay: async () => answers.shift(),
    async keepReplay(keep) {
      calls.push(keep);
      return { ...REPLAY, keep };
    },
    async deleteReplay() {
      calls.push('delete');
    },
  };
  const chosen = () => inputs.find(({ checked }) => checked)?.value;
  const choose = async (value) => {
    for (const input of inputs) input.checked = input.value === value;
    byId(value).dispatchEvent(new Event('change'));
    await settle();
  };
  const made = new ReplayCard(api, fakeEnvironment(clock));
  const again = () => new ReplayCard(api, fakeEnvironment(clock));
  return { byId, clock, calls, chosen, choose, card: made, again };
}

test('the card waits until the recording has ended', async () => {
  const made = card([{ ...REPLAY, state: 'recording', delete_at: null }, REPLAY]);
  const loaded = made.card.load();
  await settle();
  assert.equal(made.byId('over-replay').hidden, true);
  await made.clock.advance(700);
  await loaded;
  assert.equal(made.byId('over-replay').hidden, false);
  assert.match(made.byId('replay-text').textContent, /^Kept until .*2026.*\.$/);
});

test('a replay that stopped early says so, and nothing is shown without a replay', async () => {
  const stopped = card([{ ...REPLAY, state: 'stopped', note: 'too_long' }]);
  await stopped.card.load();
  assert.match(stopped.byId('replay-text').textContent, /missing from it\.$/);
  const none = card([{ ...REPLAY, state: 'none', delete_at: null }]);
  await none.card.load();
  assert.equal(none.byId('over-replay').hidden, true);
});

test('the creator changes how long the replay is kept', async () => {
  const made = card([REPLAY]);
  await made.card.load();
  assert.equal(made.chosen(), 'day');
  await made.choose('yes');
  assert.deepEqual([made.calls, made.chosen()], [['yes'], 'yes']);
});

test('the replay is deleted after a confirmation', async () => {
  const made = card([REPLAY]);
  await made.card.load();
  await made.choose('no');
  made.byId('replay-dialog').dispatchEvent(new Event('close'));
  assert.deepEqual([made.calls, made.chosen()], [['ask'], 'day']);
  made.byId('replay-delete').click();
  await settle();
  assert.deepEqual(made.calls, ['ask', 'delete']);
  assert.equal(made.byId('replay-keep').hidden, true);
  assert.equal(made.byId('replay-text').textContent, 'The replay is deleted.');
  made.card.close();
  made.again();
  assert.equal(made.byId('replay-keep').hidden, false, 'the next live has a choice again');
});
