/** The script of the page of a tag: its lives and clips, and the challenge, if the tag is one. */
import { byId, setText } from './page/dom.js';
import { endChallenge, setChallenge, tagPage } from './api/discovery_api.js';
import { ItemGrid } from './explore/item_grid.js';
import { registerServiceWorker } from './page/service_worker.js';
import { share } from './page/share.js';
import { t } from './page/strings.js';
import { Identity } from './people/identity.js';

/** @typedef {import('./api/discovery_api.js').Item} Item */

const EVERY = 15_000; // ms

const { tag = '' } = document.body.dataset;
const isUsed = 'used' in document.body.dataset;
const grid = new ItemGrid(byId('items'), /** @type {HTMLTemplateElement} */ (byId('item-card')));
const identity = new Identity();
const more = /** @type {HTMLButtonElement} */ (byId('more'));
/** @type {string | null} */
let cursor = null;
let paged = false;
/** The latest clip here of this person's lives, which the person can make a challenge. */
let ownClip = '';
let timer = 0;

/** @param {Item | null} clip  the pinned clip */
function showChallenge(clip) {
  byId('challenge').hidden = !clip;
  setText(byId('join-label'), t(clip ? 'tags.join' : 'tags.go_live'));
  byId('start-line').hidden = Boolean(clip) || !ownClip;
  if (!clip) return;
  const link = /** @type {HTMLAnchorElement} */ (byId('challenge-clip'));
  link.href = clip.url;
  const poster = /** @type {HTMLImageElement} */ (byId('challenge-poster'));
  poster.hidden = !clip.poster;
  if (clip.poster) poster.src = clip.poster;
  byId('challenge').dataset.colour = String(clip.creator.colour);
  setText(byId('challenge-title'), clip.title || t('site.untitled'));
  setText(byId('challenge-by'), clip.creator.name);
  byId('end-challenge').hidden = !clip.creator.id || identity.me?.person.id !== clip.creator.id;
}

/** @param {Item} item */
function isOwnClip({ kind, creator }) {
  const me = identity.me?.person;
  return kind === 'clip' && Boolean(me?.handle) && creator.id === me?.id;
}

/** Shows the latest items. Once the reader has asked for more, the list stays as it is. */
async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  if (!isUsed) return showUnused();
  try {
    const page = await tagPage(tag);
    setText(byId('error'), '');
    setText(byId('uses'), t('tags.uses', { count: page.uses }));
    ownClip = page.items.find(isOwnClip)?.id ?? '';
    showChallenge(page.challenge);
    if (!paged) showFirst(page);
  } catch (error) {
    setText(byId('error'), /** @type {Error} */ (error).message);
  }
  clearTimeout(timer);
  timer = window.setTimeout(refresh, EVERY);
}

/** Shows that no public live or clip has the tag. */
function showUnused() {
  ownClip = '';
  showChallenge(null);
  showFirst({ items: [] });
}

/** @param {Pick<import('./api/discovery_api.js').TagPage, 'items' | 'cursor'>} page */
function showFirst({ items, cursor: next = null }) {
  grid.show(items);
  cursor = next;
  more.hidden = !cursor;
  byId('nothing').hidden = items.length > 0;
  document.body.dataset.items = items.length ? 'some' : 'none';
}

async function showMore() {
  more.disabled = true;
  try {
    const page = await tagPage(tag, cursor);
    paged = true;
    grid.add(page.items);
    cursor = page.cursor ?? null;
    more.hidden = !cursor;
  } catch (error) {
    setText(byId('error'), /** @type {Error} */ (error).message);
  }
  more.disabled = false;
}

byId('share').addEventListener('click', () => share(location.href, document.title));
more.addEventListener('click', showMore);
/** @param {() => Promise<unknown>} action  changes the challenge */
async function change(action) {
  try {
    await action();
    await refresh();
  } catch (error) {
    setText(byId('error'), /** @type {Error} */ (error).message);
  }
}

byId('start-challenge').addEventListener('click', () => change(() => setChallenge(tag, ownClip)));
byId('end-challenge').addEventListener('click', () => change(() => endChallenge(tag)));
document.addEventListener('visibilitychange', refresh);
identity.loadMe().then(refresh, refresh);
registerServiceWorker();
