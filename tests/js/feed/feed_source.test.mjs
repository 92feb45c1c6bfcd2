// Reading the feed, answer by answer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FeedSource } from '../../../web/js/feed/feed_source.js';

const wish = () => ({ mode: 'for_you', mood: '', taste: '' });
const item = (id) => ({ kind: 'live', id });

/** A source that gets these answers one after the other; a number is the status of a refusal. */
function sourceOf(...answers) {
  const asked = [];
  const source = new FeedSource(wish, async (request) => {
    asked.push(request.cursor);
    const answer = answers.shift();
    if (typeof answer === 'number') throw Object.assign(new Error('refused'), { status: answer });
    return answer;
  });
  return { source, asked };
}

test('each answer leads to the next one', async () => {
  const { source, asked } = sourceOf(
    { items: [item('a')], cursor: 'second' },
    { items: [item('b')], cursor: null },
  );
  assert.deepEqual(await source.first(), [item('a')]);
  assert.equal(source.complete, false);
  assert.deepEqual(await source.more(), [item('b')]);
  assert.equal(source.complete, true);
  assert.deepEqual(asked, ['', 'second']);
});

test('a new beginning does not leave out what was not seen', async () => {
  const { source, asked } = sourceOf(
    { items: [item('a')], cursor: 'second' },
    { items: [item('b')], cursor: 'third' },
    { items: [item('c')], cursor: null },
  );
  await source.first();
  await source.first();
  await source.more();
  assert.deepEqual(asked, ['', '', 'third']);
});

test('after the time of a cursor a new order follows', async () => {
  const { source, asked } = sourceOf({ items: [item('a')], cursor: 'old' }, 400, {
    items: [item('b')],
    cursor: 'new',
  });
  await source.first();
  assert.deepEqual(await source.more(), [item('b')]);
  assert.deepEqual(asked, ['', 'old', '']);
});

test('only the first request of an order names the item of a link', async () => {
  const asked = [];
  const source = new FeedSource(wish, async ({ at }) => {
    asked.push(at);
    return { items: [item('a')], cursor: 'next' };
  });
  await source.first('clip:x');
  await source.more();
  await source.first();
  assert.deepEqual(asked, ['clip:x', '', '']);
});

test('the end of an earlier request does not end the present one', async () => {
  const answers = [];
  const source = new FeedSource(wish, () => new Promise((resolve) => answers.push(resolve)));
  const old = source.first();
  const present = source.first();
  answers[0]({ items: [], cursor: 'old' });
  await old;
  const more = source.more();
  assert.equal(answers.length, 2);
  answers[1]({ items: [item('new')], cursor: 'new' });
  assert.deepEqual(await more, await present);
});

test('a refusal of a first request is one', async () => {
  const { source } = sourceOf(400, { items: [], cursor: null });
  await assert.rejects(source.first());
  assert.deepEqual(await source.first(), []);
  assert.equal(source.complete, true);
});

test('two requests at once are one, and an answer of an earlier order is ignored', async () => {
  let answer = () => {};
  const answers = [];
  const source = new FeedSource(
    wish,
    () => new Promise((resolve) => answers.push((answer = resolve))),
  );
  const [one, two] = [source.first(), source.more()];
  const again = source.first();
  assert.equal(answers.length, 2);
  answers[0]({ items: [item('old')], cursor: 'old' });
  answers[1]({ items: [item('new')], cursor: 'new' });
  assert.deepEqual(await one, []);
  assert.deepEqual(await two, []);
  assert.deepEqual(await again, [item('new')]);
});
