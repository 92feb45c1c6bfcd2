// The recovery of lost tracks, by its table, on a fake clock.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { CameraError } from '../../../web/js/publish/camera.js';
import { Revival } from '../../../web/js/publish/revival.js';
import {
  RevivalEvent as E,
  RevivalState as S,
  TRANSITIONS,
} from '../../../web/js/publish/revival_state.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';

/** A revival, and a camera whose loss and answers the test sets. */
class Bench {
  clock = new FakeClock();
  conditions = [];
  /** `certainAt` in ms from the start of the clock. */
  loss = { lost: null, certainAt: Infinity };
  attempts = [];
  #answers = [];

  constructor() {
    const camera = {
      loss: () => this.loss,
      recover: () => {
        this.attempts.push(this.clock.now);
        return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
      },
    };
    this.revival = new Revival(
      camera,
      (condition) => this.conditions.push(condition),
      fakeEnvironment(this.clock),
    );
  }

  get state() {
    return this.revival.state;
  }

  lose(lost = 'camera') {
    this.loss = { lost, certainAt: -Infinity };
    this.revival.look();
  }

  mute(ms = 1_000) {
    this.loss = { lost: 'camera', certainAt: this.clock.now + ms };
    this.revival.look();
  }

  mend() {
    this.loss = { lost: null, certainAt: Infinity };
    this.revival.look();
  }

  async refuse(reason) {
    this.#answers.pop().reject(reason ? new CameraError(reason) : new TypeError('odd'));
    await settle();
  }

  async answer() {
    this.loss = { lost: null, certainAt: Infinity };
    this.#answers.pop()?.resolve();
    await settle();
  }
}

const REACH = {
  [S.WELL]: async () => {},
  [S.CHECKING]: async (bench) => bench.mute(),
  [S.WAITING]: async (bench) => bench.lose(),
  [S.ASKING]: async (bench) => {
    bench.lose();
    await bench.clock.advance(0);
  },
  [S.DENIED]: async (bench) => {
    await REACH[S.ASKING](bench);
    await bench.refuse('denied');
  },
  [S.CLOSED]: async (bench) => bench.revival.close(),
};

const CAUSE = {
  [E.FOUND_WELL]: (bench) => bench.mend(),
  [E.FOUND_MUTE]: (bench) => bench.mute(),
  [E.FOUND_LOST]: (bench) => bench.lose(),
  [E.DUE]: (bench) => bench.clock.advance(0),
  [E.ANSWERED]: (bench) => bench.answer(),
  [E.REFUSED]: (bench) => (bench.state === S.ASKING ? bench.refuse('denied') : null),
  [E.RETRY]: (bench) => bench.revival.retry(),
  [E.CLOSE]: (bench) => bench.revival.close(),
};

test('the table names all states and known events, and leads to every state', () => {
  assert.deepEqual(Object.keys(TRANSITIONS).sort(), Object.values(S).sort());
  const rows = Object.values(TRANSITIONS);
  assert.deepEqual(new Set(rows.flatMap(Object.keys)), new Set(Object.values(E)));
  assert.deepEqual(new Set(rows.flatMap(Object.values)), new Set(Object.values(S)));
});

/** Where `state` leads in the same call: CHECKING lasts only while a track is mute. */
function after(bench, state) {
  if (state !== S.CHECKING) return state;
  const { lost, certainAt } = bench.loss;
  return !lost ? S.WELL : certainAt > bench.clock.now ? S.CHECKING : S.WAITING;
}

test('each event in each state leads to the state in the table', async (t) => {
  for (const state of Object.values(S)) {
    for (const event of Object.values(E)) {
      await t.test(`${state}: ${event}`, async () => {
        const bench = new Bench();
        await REACH[state](bench);
        assert.equal(bench.state, state);
        await CAUSE[event](bench);
        const next = TRANSITIONS[state][event];
        assert.equal(bench.state, next ? after(bench, next) : state);
        bench.revival.close();
        assert.equal(bench.clock.timers, 0, 'a timer is left');
        const attempts = bench.attempts.length;
        await bench.answer();
        await bench.clock.advance(10_000);
        assert.equal(bench.state, S.CLOSED);
        assert.equal(bench.attempts.length, attempts, 'an attempt after the end');
      });
    }
  }
});

test('a short mute changes nothing that the creator sees; a long one is a loss', async () => {
  const bench = new Bench();
  bench.mute(1_000);
  await bench.clock.advance(900);
  bench.mend();
  await bench.clock.advance(5_000);
  assert.deepEqual([bench.conditions, bench.attempts], [[], []]);
  bench.mute(1_000);
  await bench.clock.advance(1_000);
  assert.deepEqual(bench.conditions, ['taking']);
  assert.equal(bench.attempts.length, 1);
});

test('attempts come at once, then at growing intervals, until the device is free', async () => {
  const bench = new Bench();
  bench.lose();
  for (let n = 0; n < 7; n++) {
    await bench.clock.advance(bench.attempts.length ? 3_000 : 0);
    await bench.refuse('busy');
  }
  await bench.clock.advance(3_000);
  assert.deepEqual(bench.conditions, ['taking', 'busy']);
  await bench.answer();
  assert.deepEqual(bench.conditions, ['taking', 'busy', 'well']);
  assert.equal(bench.clock.timers, 0);
});

test('the pauses between attempts are 0, 0.5, 1, 2 and then always 3 seconds', async () => {
  const bench = new Bench();
  bench.lose();
  for (const pause of [0, 500, 1_000, 2_000, 3_000, 3_000]) {
    const before = bench.attempts.length;
    if (pause) await bench.clock.advance(pause - 1);
    assert.equal(bench.attempts.length, before);
    await bench.clock.advance(pause ? 1 : 0);
    assert.equal(bench.attempts.length, before + 1);
    await bench.refuse('missing');
  }
});

test('a denial ends the attempts until the creator retries, whatever tracks do', async () => {
  const bench = new Bench();
  await REACH[S.DENIED](bench);
  bench.revival.look();
  await bench.clock.advance(60_000);
  assert.equal(bench.attempts.length, 1);
  assert.equal(bench.revival.condition, 'denied');
  bench.revival.retry();
  await bench.clock.advance(0);
  await bench.answer();
  assert.deepEqual(bench.conditions, ['taking', 'denied', 'well']);
});

test('an attempt that fails after the end changes nothing', async () => {
  const bench = new Bench();
  await REACH[S.ASKING](bench);
  bench.revival.close();
  await bench.refuse('busy');
  assert.deepEqual([bench.conditions, bench.clock.timers], [['taking'], 0]);
});

test('a retry does not wait', async () => {
  const bench = new Bench();
  bench.lose();
  for (let n = 0; n < 4; n++) {
    await bench.clock.advance(3_000);
    await bench.refuse();
  }
  const before = bench.attempts.length;
  bench.revival.retry();
  await bench.clock.advance(0);
  assert.equal(bench.attempts.length, before + 1);
  assert.equal(bench.revival.condition, 'busy');
});

test('a track that is lost again soon after a recovery does not start at once', async () => {
  for (const [later, atOnce] of [
    [1_000, false],
    [6_000, true],
  ]) {
    const bench = new Bench();
    bench.lose('microphone');
    await bench.clock.advance(0);
    await bench.answer();
    assert.equal(bench.revival.lacking, 'microphone');
    await bench.clock.advance(later);
    bench.lose();
    await bench.clock.advance(0);
    assert.equal(bench.attempts.length, atOnce ? 2 : 1);
  }
});
