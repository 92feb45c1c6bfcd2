import assert from 'node:assert/strict';
import test from 'node:test';
import { tagWords, withTags } from '../../../web/js/studio/live_tags.js';

test('tags may be written in several ways', () => {
  assert.deepEqual(tagWords('#sky, seoul　＃하늘#밤'), ['sky', 'seoul', '하늘', '밤']);
  assert.deepEqual(tagWords(' # , '), []);
});

test('a title gets the tags that it lacks', () => {
  assert.equal(withTags('Sunset', '#sky 하늘'), 'Sunset #sky #하늘');
  assert.equal(withTags('Sunset #Sky#night', 'sky NIGHT dawn dawn'), 'Sunset #Sky#night #dawn');
  assert.equal(withTags('', 'sky'), '#sky');
  assert.equal(withTags('sky', 'sky'), 'sky #sky');
  assert.equal(withTags('Sunset', ''), 'Sunset');
});
