/**
 * The script of /explore: a grid of what is live now, with search, trending tags and announced
 * lives.
 */
import { byId, setText, toast } from './page/dom.js';
import * as api from './api/discovery_api.js';
import { AnnouncedList } from './announced/announced_list.js';
import { ItemGrid } from './explore/item_grid.js';
import { PresentLives } from './explore/present_lives.js';
import { SearchBox } from './explore/search_box.js';
import { SearchResults } from './explore/search_results.js';
import { showTags } from './explore/tag_chips.js';
import { registerServiceWorker } from './page/service_worker.js';
import { t } from './page/strings.js';
import { AppBadge } from './push/app_badge.js';

const EVERY = 3_000; // ms
const OFTEN = 9_000; // ms
const SELDOM = 60_000; // ms
const template = /** @type {HTMLTemplateElement} */ (byId('item-card'));
const onAir = new ItemGrid(byId('rooms'), template);
const recorded = new ItemGrid(byId('recorded'), template);
const present = new PresentLives();
const more = /** @type {HTMLButtonElement} */ (byId('more'));
const results = new SearchResults(byId('results'), template);
const announced = new AnnouncedList(
  byId('announced'),
  /** @type {HTMLTemplateElement} */ (byId('announced-card')),
  api.remind,
  ({ message }) => toast(message),
);
const box = new SearchBox(/** @type {HTMLFormElement} */ (byId('search')), api.search, {
  found(text, found) {
    keepText(text);
    document.body.dataset.search = 'on';
    results.show(text, found);
  },
  cleared() {
    keepText('');
    delete document.body.dataset.search;
    results.hide();
  },
  failed(error) {
    document.body.dataset.search = 'on';
    results.fail(error);
  },
});
let timer = 0;
let oftenAt = 0;
let seldomAt = 0;
/** @type {string | null} */
let cursor = null;
let paged = false;

/**
 * Stores the searched text in the URL.
 * @param {string} text
 */
function keepText(text) {
  const query = text ? `?q=${encodeURIComponent(text)}` : '';
  if (query !== location.search) history.replaceState(null, '', location.pathname + query);
}

function showLives() {
  const { items } = present;
  onAir.show(items);
  document.body.dataset.explore = items.length ? 'full' : 'empty';
  setText(byId('count'), t('explore.count', { count: items.length }));
}

/** @param {api.Item[]} items */
const withoutLives = (items) => items.filter(({ kind }) => kind !== 'live');

/**
 * Shows the first items of the feed. Once the reader has asked for more, clips and replays stay. If
 * the request fails, the lives of this server are shown alone.
 */
async function refreshFeed() {
  if (performance.now() < oftenAt) return;
  const page = await api.mostWatched();
  oftenAt = performance.now() + OFTEN;
  present.feed = page.items;
  if (paged) return;
  recorded.show(withoutLives(page.items));
  showCursor(page.cursor);
}

async function showMore() {
  more.disabled = true;
  try {
    const page = await api.mostWatched(cursor);
    paged = true;
    recorded.add(withoutLives(page.items));
    showCursor(page.cursor);
  } catch {
    oftenAt = 0; // the cursor has expired: begin again
    paged = false;
    await refresh();
  }
  more.disabled = false;
}

/** @param {string | null} next */
function showCursor(next) {
  cursor = next;
  more.hidden = !cursor;
  byId('watch').hidden = recorded.size === 0 && !cursor;
}

/** @param {api.Tag[]} tags */
function showTrending(tags) {
  showTags(byId('trending-tags'), tags);
  byId('trending').hidden = tags.length === 0;
}

/** Requests what changes slowly. A part that fails stays as it is. */
async function refreshSeldom() {
  if (performance.now() < seldomAt) return;
  seldomAt = performance.now() + SELDOM;
  await Promise.allSettled([
    api.trendingTags().then(showTrending),
    api.announcements().then((list) => announced.show(list)),
  ]);
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const [rooms] = await Promise.all([api.lives(), refreshFeed().catch(() => {})]);
    present.rooms = rooms;
    showLives();
    byId('offline').hidden = true;
    await refreshSeldom();
  } catch {
    byId('offline').hidden = false;
    if (!onAir.size) document.body.dataset.explore = 'empty';
  }
  clearTimeout(timer);
  timer = window.setTimeout(refresh, EVERY);
}

more.addEventListener('click', showMore);
document.addEventListener('visibilitychange', refresh);
window.addEventListener('online', refresh);
box.show(new URLSearchParams(location.search).get('q') ?? '');
refresh();
registerServiceWorker();
new AppBadge().start();
