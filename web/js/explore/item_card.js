/** Cards of lives, clips and replays: a poster with the title, the creator and a figure. */
import { setText } from '../page/dom.js';
import { assetUrl } from '../page/icon.js';
import { copyOf } from '../page/element.js';
import { t } from '../page/strings.js';
import { clockTime, dayOf, headCount } from '../page/words.js';

/** @typedef {import('../api/discovery_api.js').Item} Item */

const COLOURS = 12;

/**
 * Returns a card that links to the page of an item.
 * @param {HTMLTemplateElement} template
 * @param {Item} item
 */
export function newCard(template, item) {
  const card = copyOf(template);
  /** @type {HTMLAnchorElement} */ (card.querySelector('a')).href = item.url;
  return card;
}

/**
 * Shows the current state of an item in its card.
 * @param {HTMLElement} card
 * @param {Item} item
 */
export function fillCard(card, item) {
  const part = (/** @type {string} */ name) =>
    /** @type {Element} */ (card.querySelector(`.${name}`));
  card.dataset.state = stateOf(item);
  card.dataset.colour = String(item.creator.id ? item.creator.colour : colourOf(item.id));
  setText(part('title'), keptWhole(item.title) || t('site.untitled'));
  setText(part('badge'), badgeOf(item));
  setText(part('by'), item.creator.name);
  const { sign, count, unit } = figureOf(item);
  part('sign').setAttribute('href', `${assetUrl('icons/sprite.svg')}#${sign}`);
  setText(part('count'), count);
  setText(part('unit'), unit);
  setText(part('since'), sinceOf(item));
  showPoster(/** @type {HTMLImageElement} */ (part('poster')), item.poster ?? '');
}

/**
 * Returns a title whose lines do not break after a `#`.
 * @param {string} title
 */
const keptWhole = (title) => title.replace(/#(?=\S)/g, '#\u2060');

/** @param {Item} item */
function stateOf(item) {
  return item.kind === 'live' && item.state === 'away' ? 'away' : item.kind;
}

/** @param {Item} item */
function badgeOf(item) {
  return {
    live: t('site.live'),
    away: t('site.away'),
    clip: t('items.clip'),
    replay: t('items.replay'),
  }[stateOf(item)];
}

/**
 * Returns the number on the card of an item: its viewers, or how long it is.
 * @param {Pick<Item, 'kind' | 'viewers' | 'duration'>} item
 */
export function figureOf({ kind, viewers, duration }) {
  if (kind === 'live') return { sign: 'eye', count: headCount(viewers), unit: t('site.watching') };
  return { sign: 'play', count: clockTime(duration ?? 0), unit: '' };
}

/**
 * Returns for how long a live is on air, or the day of a replay.
 * @param {Item} item
 */
function sinceOf({ kind, live_since }) {
  if (!live_since) return '';
  const at = Date.parse(live_since);
  return kind === 'live' ? clockTime((Date.now() - at) / 1_000) : dayOf(at);
}

/**
 * Shows a poster once it is loaded. Until then, the card shows the former poster.
 * @param {HTMLImageElement} image
 * @param {string} url  empty if the item has no poster yet
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
 * Returns the colour of an item whose creator is unknown, 0 to 11. An item always has the same
 * colour.
 * @param {string} id
 */
export function colourOf(id) {
  return [...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 8_191, 7) % COLOURS;
}
