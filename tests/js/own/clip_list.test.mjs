// The creator's list of clips: approving, changing words, deleting, and undoing for ten seconds.
import assert from 'node:assert/strict';
import test from 'node:test';
import '../fixtures/english.mjs';
import { FakeClock, fakeEnvironment, settle } from '../fixtures/fake_clock.mjs';
import { fakePage } from '../fixtures/fake_page.mjs';

const page = fakePage();
const { ClipList } = await import('../../../web/js/own/clip_list.js');

const CLIP = {
  ...{ id: 'c1', title: 'Goal', state: 'published', duration: 29.6, created_at: 1 },
  ...{ source: 'viewer', mine: false, person: { id: 'p', name: 'Calm Fox', colour: 1 } },
};

/** A list over a server that has these clips. */
function listOf(...clips) {
  const clock = new FakeClock();
  const asked = [];
  const busy = new Set();
  const api = {
    list: async () => clips.filter(({ gone }) => !gone),
    approve: async (id) => {
      asked.push(`approve ${id}`);
      clips.find((clip) => clip.id === id).state = 'published';
    },
    change: async (id, words) => {
      if (busy.delete(id)) throw new Error('busy');
      asked.push(`change ${id}`);
      return Object.assign(
        clips.find((clip) => clip.id === id),
        words,
      );
    },
    delete: async (id) => {
      if (busy.delete(id)) throw new Error('busy');
      asked.push(`delete ${id}`);
      clips.find((clip) => clip.id === id).gone = true;
    },
    restore: async (id) => {
      asked.push(`restore ${id}`);
      clips.find((clip) => clip.id === id).gone = false;
    },
  };
  const root = page('list');
  root.replaceChildren = (...rows) => void (root.children = rows);
  let failures = []; // on the screen
  const failed = (error) => void (failures = error ? [error.message] : []);
  const list = new ClipList(root, page('empty'), api, failed, fakeEnvironment(clock));
  return { asked, busy, clock, failures: () => failures, list, root };
}

/** All texts and buttons of a row. */
function partsOf(row) {
  const all = [row, ...row.children.flatMap((child) => partsOf(child).all)];
  const named = (label) => all.find((one) => one.attributes['aria-label']?.startsWith(label));
  return { all, named, text: all.map(({ textContent }) => textContent).join(' ') };
}

test('a row says who made the clip, and whether it waits', async () => {
  const { list, root, failures } = listOf({ ...CLIP, state: 'waiting' });
  await list.load();
  const { text, named } = partsOf(root.children[0]);
  assert.match(text, /0:30 · by Calm Fox/);
  assert.match(text, /Waits for your approval/);
  assert.ok(named('Approve'));
  named('Approve').click();
  await settle();
  assert.equal(partsOf(root.children[0]).named('Approve'), undefined);
  assert.deepEqual(failures(), []);
});

test('the text of an error goes away when a button is pressed again', async () => {
  const { asked, busy, failures, list, root } = listOf({ ...CLIP });
  await list.load();
  busy.add('c1');
  for (const shown of [['busy'], []]) {
    partsOf(root.children[0]).named('Delete').click();
    await settle();
    assert.deepEqual(failures(), shown);
  }
  assert.deepEqual(asked, ['delete c1']);
  list.close();
});

test('a deleted clip can be restored for ten seconds', async () => {
  const { asked, clock, list, root } = listOf({ ...CLIP });
  await list.load();
  partsOf(root.children[0]).named('Delete').click();
  await settle();
  await list.load();
  partsOf(root.children[0]).named('Undo').click();
  await settle();
  assert.deepEqual(asked, ['delete c1', 'restore c1']);
  assert.ok(partsOf(root.children[0]).named('Delete'));
  partsOf(root.children[0]).named('Delete').click();
  await clock.advance(9_999);
  assert.equal(root.children.length, 1);
  await clock.advance(1);
  assert.equal(root.children.length, 0);
  assert.equal(page('empty').hidden, false);
  assert.equal(clock.timers, 0);
});

test('the focus stays in the row of a clip that changes', async () => {
  const older = { ...CLIP, id: 'c2', title: 'Start', state: 'waiting', created_at: 0 };
  const { list, root } = listOf({ ...CLIP }, older);
  await list.load();
  const focused = (label) => partsOf(root.children[1]).named(label).focused;
  for (const [pressed, next] of [
    ['Approve', 'Edit'],
    ['Delete', 'Undo'],
    ['Undo', 'Edit'],
  ]) {
    partsOf(root.children[1]).named(pressed).click();
    await settle();
    assert.equal(focused(next), true, pressed);
  }
  list.close();
});

test('a closed list has no timer left', async () => {
  const { clock, list, root } = listOf({ ...CLIP });
  await list.load();
  partsOf(root.children[0]).named('Delete').click();
  await settle();
  list.close();
  assert.equal(clock.timers, 0);
});

test('the creator changes the title and the caption in the row', async () => {
  const { asked, busy, list, root } = listOf({ ...CLIP, caption: 'Old' });
  await list.load();
  const parts = () => partsOf(root.children[0]);
  const submit = async () => {
    const form = parts().all.find(({ tag }) => tag === 'form');
    form.dispatchEvent(new Event('submit'));
    await settle();
  };
  parts().named('Edit').click();
  await settle();
  const field = (tag) => parts().all.find((one) => one.tag === tag);
  assert.deepEqual([field('input').value, field('textarea').value], ['Goal', 'Old']);
  field('input').value = ' The goal ';
  field('textarea').value = 'First\nSecond';
  busy.add('c1');
  await submit();
  assert.match(parts().text, /busy/);
  await submit();
  assert.deepEqual(asked, ['change c1']);
  assert.match(parts().text, /The goal/);
  assert.equal(field('textarea'), undefined);
  list.close();
});
