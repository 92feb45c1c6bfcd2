/** The script of the feed page, which lists the rooms that are live now. */
import { byId, setText } from './page/dom.js';
import { liveRooms } from './api/rooms_api.js';
import { copyOf } from './page/element.js';
import { registerServiceWorker } from './page/service_worker.js';
import { t } from './page/strings.js';
import { clockTime, headCount } from './page/words.js';

const EVERY = 3_000; // ms
const list = byId('rooms');
const template = /** @type {HTMLTemplateElement} */ (byId('room-card'));
/** @type {Map<string, HTMLElement>} */
const cards = new Map();
let timer = 0;

/** @param {import('./api/rooms_api.js').RoomInfo} info */
function newCard({ room }) {
  const card = copyOf(template);
  /** @type {HTMLAnchorElement} */ (card.querySelector('a')).href =
    `/r/${encodeURIComponent(room)}`;
  card.style.setProperty('--hue', String(hueOf(room)));
  cards.set(room, card);
  return card;
}

/**
 * @param {HTMLElement} card
 * @param {import('./api/rooms_api.js').RoomInfo} info
 */
function fill(card, { title, state, viewers, live_since, poster }) {
  const part = (/** @type {string} */ name) =>
    /** @type {Element} */ (card.querySelector(`.${name}`));
  card.dataset.state = state;
  setText(part('title'), title || t('site.untitled'));
  setText(part('badge'), state === 'live' ? t('site.live') : t('site.away'));
  setText(part('count'), headCount(viewers));
  setText(part('since'), live_since ? clockTime(Date.now() / 1000 - live_since) : '');
  showPoster(/** @type {HTMLImageElement} */ (part('poster')), poster ?? '');
}

/**
 * Shows a poster once it is loaded. Until then, the card shows the former poster.
 * @param {HTMLImageElement} image
 * @param {string} url  empty if the live has no poster yet
 */
function showPoster(image, url) {
  if (!url) image.hidden = true;
  if (!url || image.dataset.url === url) return;
  image.dataset.url = url;
  const next = new Image();
  next.onload = () => {
    if (image.dataset.url !== url) return;
    image.src = url;
    image.hidden = false;
  };
  next.src = url;
}

/**
 * Returns the hue of a room's card, 0 to 359. A room always has the same hue.
 * @param {string} room
 */
function hueOf(room) {
  return [...room].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 360, 7);
}

/** @param {import('./api/rooms_api.js').RoomInfo[]} rooms */
function show(rooms) {
  const present = new Set(rooms.map(({ room }) => room));
  for (const [room, card] of cards) {
    if (present.has(room)) continue;
    card.remove();
    cards.delete(room);
  }
  rooms.forEach((info, n) => {
    const card = cards.get(info.room) ?? newCard(info);
    fill(card, info);
    // A card in the right place is not moved, because moving a focused element removes its focus.
    if (list.children[n] !== card) list.insertBefore(card, list.children[n] ?? null);
  });
  document.body.dataset.feed = rooms.length ? 'full' : 'empty';
  setText(byId('count'), t('feed.count', { count: rooms.length }));
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    show(await liveRooms());
    byId('offline').hidden = true;
  } catch {
    byId('offline').hidden = false;
    if (!cards.size) document.body.dataset.feed = 'empty';
  }
  clearTimeout(timer);
  timer = window.setTimeout(refresh, EVERY);
}

document.addEventListener('visibilitychange', refresh);
window.addEventListener('online', refresh);
refresh();
registerServiceWorker();
