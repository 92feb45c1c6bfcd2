// The card that offers the best moment so far, on a fake page and clock.
import '../fixtures/english.mjs';
import assert from 'node:assert/strict';
import test from 'node:test';
import { MomentCard } from '../../../web/js/studio/moment_card.js';
import { labelOf } from '../../../web/js/own/file_list.js';
import { clipOf, showMoments } from '../../../web/js/studio/over_moments.js';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';

const MOMENT = { at: 95, peak: 105e6, start: 97e6, end: 113e6, people: 14 };
const LATER = { ...MOMENT, at: 300, peak: 310e6, people: 20 };

function bench({ fails = 0, state = 'published' } = {}) {
  const byId = fakePage();
  const clock = new FakeClock();
  const published = [];
  const api = {
    async publishMoment(moment) {
      published.push(moment);
      if (published.length <= fails) throw new Error('no space');
      return { id: 'clip', state, source: 'highlight', start: 0, end: 1 };
    },
  };
  const card = new MomentCard(api, fakeEnvironment(clock));
  return { byId, clock, published, card };
}

test('a moment is offered while the server offers it', () => {
  const { byId, card } = bench();
  assert.equal(byId('moment').hidden, true);
  card.handle(MOMENT);
  assert.equal(byId('moment').hidden, false);
  assert.equal(byId('moment-text').textContent, '14 people reacted at 1:35');
  card.handle(null);
  assert.equal(byId('moment').hidden, true);
});

test('one tap publishes the moment, and the card disappears', async () => {
  const { byId, card, published, clock } = bench();
  card.handle(MOMENT);
  byId('moment-publish').onclick();
  byId('moment-publish').onclick();
  assert.equal(byId('moment-publish').disabled, true);
  await settle();
  assert.deepEqual(published, [MOMENT]);
  assert.equal(byId('moment-text').textContent, 'The clip is published');
  card.handle(MOMENT);
  await clock.advance(6_000);
  assert.equal(byId('moment').hidden, true);
  card.handle(MOMENT);
  assert.equal(byId('moment').hidden, true, 'a published moment is not offered again');
  card.handle(LATER);
  assert.equal(byId('moment').hidden, false);
});

test('a clip may wait for approval', async () => {
  const { byId, card } = bench({ state: 'waiting' });
  card.handle(MOMENT);
  byId('moment-publish').onclick();
  await settle();
  assert.equal(byId('moment-text').textContent, 'The clip waits for your approval');
});

test('a failure says why and can be tried again', async () => {
  const { byId, card, published } = bench({ fails: 1 });
  card.handle(MOMENT);
  byId('moment-publish').onclick();
  await settle();
  card.handle(MOMENT);
  assert.equal(byId('moment-text').textContent, 'no space');
  assert.equal(byId('moment-publish').disabled, false);
  byId('moment-publish').onclick();
  await settle();
  assert.equal(published.length, 2);
});

test('a dismissed moment is not offered again', () => {
  const { byId, card } = bench();
  card.handle(MOMENT);
  byId('moment-dismiss').onclick();
  card.handle(MOMENT);
  assert.equal(byId('moment').hidden, true);
});

test('a clip shows a moment if it was made of the moment', () => {
  const clip = { id: 'x', state: 'published', source: 'highlight', start: 97e6, end: 113e6 };
  assert.equal(clipOf(MOMENT, [{ ...clip, source: 'viewer' }, clip]), clip);
  assert.equal(clipOf(LATER, [clip]), undefined);
});

test('a moment that the server has published meanwhile leads to its clip', async () => {
  const byId = fakePage();
  const list = byId('moments');
  list.replaceChildren = (...rows) => void (list.children = rows);
  const clip = { id: 'x', source: 'highlight', start: 97e6, end: 113e6 };
  showMoments([MOMENT], [], {
    list: async () => [clip],
    publishMoment: () => assert.fail('published twice'),
  });
  const button = list.children[0].children[1];
  let link;
  button.replaceWith = (other) => void (link = other);
  button.onclick();
  await settle();
  assert.equal(link?.href, '/c/x');
});

test('each file of a live has a name for people', () => {
  const named = (name, seconds = 0) => labelOf({ name, seconds });
  assert.equal(named('video-2.mp4', 65), 'Video 2 · 1:05');
  assert.equal(named('chat-2.vtt'), 'Chat of video 2, as subtitles');
  assert.equal(named('chat.json'), 'The whole chat');
  assert.equal(named('hearts.json'), 'All reactions');
});
