/**
 * The script of /explore: a grid of what is live now, with search, trending tags and announced
 * lives.
 */
import { byId, setText, toast } from './page/dom.js';
import { announcements, lives, remind, search, trendingTags } from './api/discovery_api.js';
import { AnnouncedList } from './announced/announced_list.js';
import { ItemGrid } from './explore/item_grid.js';
import { SearchBox } from './explore/search_box.js';
import { SearchResults } from './explore/search_results.js';
import { showTags } from './explore/tag_chips.js';
import { registerServiceWorker } from './page/service_worker.js';
import { t } from './page/strings.js';
import { AppBadge } from './push/app_badge.js';

const EVERY = 3_000; // ms
const SELDOM = 60_000; // ms
const template = /** @type {HTMLTemplateElement} */ (byId('item-card'));
const onAir = new ItemGrid(byId('rooms'), template);
const results = new SearchResults(byId('results'), template);
const announced = new AnnouncedList(
  byId('announced'),
  /** @type {HTMLTemplateElement} */ (byId('announced-card')),
  remind,
  ({ message }) => toast(message),
);
const box = new SearchBox(/** @type {HTMLFormElement} */ (byId('search')), search, {
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
let seldomAt = 0;

/**
 * Stores the searched text in the URL.
 * @param {string} text
 */
function keepText(text) {
  const query = text ? `?q=${encodeURIComponent(text)}` : '';
  if (query !== location.search) history.replaceState(null, '', location.pathname + query);
}

/** @param {import('./api/discovery_api.js').Item[]} items */
function show(items) {
  onAir.show(items);
  document.body.dataset.explore = items.length ? 'full' : 'empty';
  setText(byId('count'), t('explore.count', { count: items.length }));
}

/** @param {import('./api/discovery_api.js').Tag[]} tags */
function showTrending(tags) {
  showTags(byId('trending-tags'), tags);
  byId('trending').hidden = tags.length === 0;
}

/** Requests what changes slowly. A part that fails stays as it is. */
async function refreshSeldom() {
  if (performance.now() < seldomAt) return;
  seldomAt = performance.now() + SELDOM;
  await Promise.allSettled([
    trendingTags().then(showTrending),
    announcements().then((list) => announced.show(list)),
  ]);
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    show(await lives());
    byId('offline').hidden = true;
    await refreshSeldom();
  } catch {
    byId('offline').hidden = false;
    if (!onAir.size) document.body.dataset.explore = 'empty';
  }
  clearTimeout(timer);
  timer = window.setTimeout(refresh, EVERY);
}

document.addEventListener('visibilitychange', refresh);
window.addEventListener('online', refresh);
box.show(new URLSearchParams(location.search).get('q') ?? '');
refresh();
registerServiceWorker();
new AppBadge().start();
