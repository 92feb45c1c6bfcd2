import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockScreen } from '../../../web/js/room/lock_screen.js';

class Metadata {
  constructor(/** @type {MediaMetadataInit} */ init) {
    Object.assign(this, init);
  }
}

function opened() {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const session = { metadata: /** @type {any} */ (null) };
  const clock = { now: 1_000_000 };
  const screen = new LockScreen('k3v9x2', page, {
    session,
    Metadata: /** @type {any} */ (Metadata),
    now: () => clock.now,
  });
  return { page, session, clock, screen };
}

test('the title and the poster of the live are shown', () => {
  const { session, screen } = opened();
  screen.show('Morning run');
  assert.equal(session.metadata.title, 'Morning run');
  assert.equal(session.metadata.artwork[0].src, '/r/k3v9x2/poster.jpg?v=100');
});

test('the poster is new when the reader leaves the page', () => {
  const { page, session, clock, screen } = opened();
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
  assert.equal(session.metadata, null); // no title yet
  screen.show('Morning run');
  clock.now += 10_000;
  page.hidden = false;
  page.dispatchEvent(new Event('visibilitychange'));
  assert.match(session.metadata.artwork[0].src, /v=100$/);
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
  assert.match(session.metadata.artwork[0].src, /v=101$/);
});

test('the same title loads no new poster', () => {
  const { session, clock, screen } = opened();
  screen.show('Morning run');
  clock.now += 10_000;
  screen.show('Morning run');
  assert.match(session.metadata.artwork[0].src, /v=100$/);
  screen.show('Evening run');
  assert.equal(session.metadata.title, 'Evening run');
});

test('closing removes everything', () => {
  const { page, session, screen } = opened();
  screen.show('Morning run');
  screen.close();
  assert.equal(session.metadata, null);
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
  assert.equal(session.metadata, null);
});

test('a browser without Media Session shows nothing', () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const screen = new LockScreen('k3v9x2', page, {});
  screen.show('Morning run');
  screen.close();
});
