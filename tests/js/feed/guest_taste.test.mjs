// What a guest likes to watch.
import assert from 'node:assert/strict';
import test from 'node:test';
import { GuestTaste } from '../../../web/js/feed/guest_taste.js';

const NOW = 1_800_000_000;
const item = (tags, creator = 'someone', mood = '') => ({
  tags: tags.map((tag) => ({ tag, name: tag })),
  creator: { id: creator, name: '', handle: null, colour: 0 },
  mood,
});
const learned = (...views) => {
  const taste = GuestTaste.from('');
  for (const [seen, seconds, now = NOW] of views) taste.watched(seen, seconds, now, 20);
  return JSON.parse(taste.toJson());
};

test('a view says the same as to the server', () => {
  // The expected numbers are those of server/feed/taste.py.
  const views = [
    [item(['song', 'cat'], 'ann', 'calm'), 80],
    [item(['cat'], 'bob'), 1],
  ];
  assert.deepEqual(learned(...views), {
    v: 1,
    at: NOW,
    t: { song: [1, 0.12], cat: [2, 0.06] },
    c: { ann: [1, 0.39], bob: [1, -0.23] },
    m: { calm3: [1, 0.05] },
  });
  const later = NOW + 14 * 86_400; // earlier views count half
  assert.deepEqual(learned(...views, [item(['song'], 'ann', 'calm'), 200, later]), {
    v: 1,
    at: later,
    t: { song: [1.5, 0.19], cat: [1, 0.03] },
    c: { ann: [1.5, 0.58], bob: [0.5, -0.12] },
    m: { calm3: [1.5, 0.08] },
  });
});

test('it has at most 1 KB and keeps the strongest', () => {
  const taste = GuestTaste.from('');
  for (let n = 0; n < 300; n++) taste.watched(item([`노래${n}`], `person${n}`), 9, NOW, 1);
  for (let n = 0; n < 9; n++) taste.watched(item(['favourite']), 600, NOW, 1);
  const text = taste.toJson();
  assert.ok(new TextEncoder().encode(text).length <= 1_024);
  assert.equal(JSON.parse(text).t.favourite[0], 9);
  assert.ok(Object.keys(GuestTaste.from(text).toJson()).length > 100);
});

test('a damaged taste is forgotten', () => {
  for (const text of ['{', '7', 'null', '{"v":1}', '{"v":1,"at":0,"t":{"a":[1,-4]},"c":{},"m":{}}'])
    assert.deepEqual(JSON.parse(GuestTaste.from(text).toJson()).t, {});
});
