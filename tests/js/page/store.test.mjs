/** The store of the page: what outlives the tab, and what does not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keep, keepInTab, recall, recallInTab } from '../../../web/js/page/store.js';

class Storage {
  items = new Map();
  getItem(name) {
    return this.items.get(name) ?? null;
  }
  setItem(name, value) {
    this.items.set(name, value);
  }
  removeItem(name) {
    this.items.delete(name);
  }
}

test('a secret is stored for the tab only, and leaves the old place', () => {
  globalThis.localStorage = new Storage();
  globalThis.sessionStorage = new Storage();
  keep('token', 'stored by an earlier version');
  keepInTab('token', 'secret');
  assert.equal(recall('token'), null);
  assert.equal(recallInTab('token'), 'secret');
  keepInTab('token', null);
  assert.equal(recallInTab('token'), null);
});

test('a browser that forbids storage stores nothing', () => {
  delete globalThis.localStorage;
  delete globalThis.sessionStorage;
  keep('title', 'A title');
  keepInTab('token', 'secret');
  assert.deepEqual([recall('title'), recallInTab('token')], [null, null]);
});
