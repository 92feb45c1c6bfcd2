/** The script of the feed: what the viewer swipes through, and the choices about it. */
import { readFeed, sendWatched, sendWatchedAtEnd } from './api/feed_api.js';
import { Choice } from './feed/choice.js';
import { linkOf, liveOfLink, readLink } from './feed/deep_link.js';
import { FeedSheet } from './feed/feed_sheet.js';
import { FeedSource } from './feed/feed_source.js';
import { FeedView } from './feed/feed_view.js';
import { feedActionOf } from './feed/keys.js';
import { LiveView } from './feed/live_view.js';
import { NewLives } from './feed/new_lives.js';
import { keyOf } from './feed/pager.js';
import { Pull } from './feed/pull.js';
import { RecordedView } from './feed/recorded_view.js';
import { TasteKeeper } from './feed/taste_keeper.js';
import { WhySheet } from './feed/why_sheet.js';
import { byId, setText, toast } from './page/dom.js';
import { isTyping } from './page/key_press.js';
import { keep, recall } from './page/store.js';
import { t } from './page/strings.js';
import { loadStyle } from './page/style.js';
import { Identity } from './people/identity.js';
import { lateModules } from './room/late_modules.js';

const STAY = 8; // s with one item after which the order of those that follow is out of date
const RETRY = 3_000; // ms until the next request after the server could not be reached
const EMPTY_AGAIN = 5_000; // the same while nothing is in the feed

const query = new URLSearchParams(location.search);
const { worker = '' } = document.documentElement.dataset;
void loadStyle('css/room.css');
const identity = new Identity();
const choice = new Choice({ recall, keep });
const taste = new TasteKeeper({ recall, keep });
const source = new FeedSource(
  () => ({ mode: choice.mode, mood: choice.moodAt(Date.now()), taste: taste.forRequest }),
  (wish) => readFeed(wish).catch((error) => readWithoutTaste(wish, error)),
);
let timer = 0;
let reading = false;

const why = new WhySheet(() => sheet.open());
const feed = new FeedView({
  deck: byId('deck'),
  view: ({ item, root, standby }, state) =>
    item.kind === 'live'
      ? new LiveView({
          ...{ item, root, standby, worker, identity, state },
          player: query.get('player'),
          notice: toast,
        })
      : new RecordedView({ item, root }),
  actions: {
    why: (item) => why.open(item),
    share: (item) => void share(item),
  },
  listener: {
    arrived: (item) => arrive(item),
    watched: (watched, item) => {
      taste.watched(watched, item);
      sendWatched(watched).catch(() => {}); // the next one may arrive
      if (watched.seconds >= STAY) void renew();
    },
    wantsMore: () => void more(),
    again: () => void refresh(),
  },
});
const sheet = new FeedSheet(choice, {
  changed: () => void refresh(),
  forget: () => taste.forget(),
  learns: () => taste.learns(),
  setLearns: (learns) => taste.setLearns(learns),
});
const newLives = new NewLives(byId('new-lives'), (rooms) => void refresh(rooms));

/**
 * A taste that the server cannot read is from another version: it is forgotten.
 * @param {import('./api/feed_api.js').FeedRequest} wish
 * @param {{code?: string}} error
 */
function readWithoutTaste(wish, error) {
  if (error.code !== 'bad_taste') throw error;
  taste.drop();
  return readFeed({ ...wish, taste: '' });
}

/** @param {import('./api/feed_api.js').FeedItem} item */
function arrive(item) {
  const title = item.title || t('site.untitled');
  document.title = `${title} · microlive`;
  const name = document.querySelector('.slide:not([inert])')?.getAttribute('aria-label') ?? title;
  setText(byId('place'), name);
  // The way back from another page leads to this item. A swipe adds no entry to the history: "back"
  // leaves the feed at once, however many items were seen, and swiping down leads to the item before.
  history.replaceState(null, '', linkOf(item, location.search));
}

/** @param {import('./api/feed_api.js').FeedItem} item */
async function share({ url, title }) {
  (await lateModules.share()).share(new URL(url, location.href).href, title);
}

/** @param {'loading' | 'full' | 'empty' | 'offline' | 'error'} state */
function enter(state) {
  document.body.dataset.feed = state;
  if (state === 'full' || state === 'empty') byId('offline').hidden = true;
}

/**
 * Reads the feed anew.
 * @param {ReadonlySet<string>} [first]  rooms that are shown first
 * @param {string} [link]  the item of the address, which is shown before all
 */
async function refresh(first = new Set(), link = '') {
  clearTimeout(timer);
  if (reading) return;
  reading = true;
  document.body.classList.add('reading');
  try {
    const [items, linked] = await Promise.all([source.first(link), liveOfLink(link)]);
    const rank = (/** @type {(typeof items)[number]} */ item) =>
      Number(!(item.kind === 'live' && first.has(item.room)));
    const sorted = [...items].sort((a, b) => rank(a) - rank(b));
    const found = items.find((item) => keyOf(item) === link) ?? linked;
    present(found ? [found, ...sorted.filter((item) => keyOf(item) !== link)] : sorted);
  } catch (error) {
    fail(/** @type {any} */ (error), () => void refresh(first, link));
  } finally {
    reading = false;
    document.body.classList.remove('reading');
  }
}

/** @param {import('./api/feed_api.js').FeedItem[]} items */
function present(items) {
  enter(items.length ? 'full' : 'empty');
  byId('to-for-you').hidden = choice.mode === 'for_you';
  const alone = choice.mode === 'follows';
  setText(byId('empty-heading'), alone ? t('feed.no_follows_heading') : t('feed.empty_heading'));
  setText(byId('empty-text'), alone ? t('feed.no_follows_text') : t('feed.empty_text'));
  feed.show(items, source.complete);
  newLives.reset();
  if (!items.length) timer = window.setTimeout(refreshVisible, EMPTY_AGAIN);
}

async function more() {
  if (source.complete || reading) return;
  try {
    const items = await source.more();
    feed.append(items, source.complete);
    byId('offline').hidden = true;
  } catch (error) {
    fail(/** @type {any} */ (error), () => void more());
  }
}

/** Lets the server choose anew what follows, unless the viewer is at the end. */
async function renew() {
  if (reading || choice.mode !== 'for_you' || feed.at === feed.items.length) return;
  const items = await source.first().catch(() => []);
  if (items.length) feed.renew(items, source.complete);
}

/**
 * @param {{status?: number, message: string}} error
 * @param {() => void} again
 */
function fail({ status = 0, message }, again) {
  const hasItems = feed.items.length > 0;
  byId('offline').hidden = status !== 0;
  if (!hasItems) enter(status === 0 ? 'offline' : 'error');
  setText(byId('error-text'), message);
  clearTimeout(timer);
  if (status === 0 || hasItems) timer = window.setTimeout(again, RETRY);
}

function refreshVisible() {
  if (document.hidden) timer = window.setTimeout(refreshVisible, EMPTY_AGAIN);
  else void refresh();
}

document.addEventListener('visibilitychange', () => (feed.hidden = document.hidden));
window.addEventListener('pagehide', () => {
  const watched = feed.leave();
  if (watched) sendWatchedAtEnd(watched);
});
window.addEventListener('pageshow', ({ persisted }) => persisted && feed.comeBack());
window.addEventListener('online', () => !feed.items.length && refreshVisible());
document.addEventListener('keydown', (event) => {
  const { key, ctrlKey, metaKey, altKey, isComposing, defaultPrevented } = event;
  const target = /** @type {Element} */ (event.target);
  if (ctrlKey || metaKey || altKey || isComposing || defaultPrevented) return;
  if (isTyping(target) || document.querySelector('dialog[open]')) return;
  // The chat and the sliders use the arrow keys themselves.
  if (key.length > 1 && target.closest('[role="log"], input')) return;
  const action = feedActionOf(key);
  if (!action) return;
  event.preventDefault();
  feed.act(action);
});
byId('next').addEventListener('click', () => feed.step(1));
byId('previous').addEventListener('click', () => feed.step(-1));
byId('retry').addEventListener('click', () => void refresh());
byId('to-for-you').addEventListener('click', () => {
  choice.mode = 'for_you';
  sheet.show();
  void refresh();
});
new Pull(byId('deck'), byId('pull'), {
  possible: () => feed.at === 0 && byId('deck').scrollTop < 1,
  refresh: () => void refresh(),
});
Object.assign(window, {
  microlive: {
    stats: () => feed.view?.stats(),
    roles: () => feed.roles,
    at: () => feed.at,
    resting: () => feed.resting,
  },
});
void refresh(new Set(), readLink(query.get('at')));
lateModules.serviceWorker().then(
  ({ registerServiceWorker }) => registerServiceWorker(),
  () => {},
);
if (matchMedia('(display-mode: standalone)').matches)
  import('./push/app_badge.js').then(
    ({ AppBadge }) => new AppBadge().start(),
    () => {}, // the app works without its badge
  );
