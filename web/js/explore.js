/** The script of /explore, which shows what is live now as a grid. */
import { byId, setText } from './page/dom.js';
import { lives } from './api/discovery_api.js';
import { ItemGrid } from './explore/item_grid.js';
import { registerServiceWorker } from './page/service_worker.js';
import { t } from './page/strings.js';

const EVERY = 3_000; // ms
const template = /** @type {HTMLTemplateElement} */ (byId('item-card'));
const onAir = new ItemGrid(byId('rooms'), template);
let timer = 0;

/** @param {import('./api/discovery_api.js').Item[]} items */
function show(items) {
  onAir.show(items);
  document.body.dataset.explore = items.length ? 'full' : 'empty';
  setText(byId('count'), t('explore.count', { count: items.length }));
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    show(await lives());
    byId('offline').hidden = true;
  } catch {
    byId('offline').hidden = false;
    if (!onAir.size) document.body.dataset.explore = 'empty';
  }
  clearTimeout(timer);
  timer = window.setTimeout(refresh, EVERY);
}

document.addEventListener('visibilitychange', refresh);
window.addEventListener('online', refresh);
refresh();
registerServiceWorker();
