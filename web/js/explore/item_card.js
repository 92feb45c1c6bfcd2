/** Cards of lives, clips and replays: a poster with the title, the creator and a figure. */
import { setText } from '../page/dom.js';
import { assetUrl } from '../page/icon.js';
import { copyOf } from '../page/element.js';
import { t } from '../page/strings.js';
import { clockTime, headCount } from '../page/words.js';

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
  card.dataset.colour = String(item.creator?.colour ?? colourOf(item.id));
  setText(part('title'), item.title || t('site.untitled'));
  setText(part('badge'), badgeOf(item));
  setText(part('by'), item.creator?.name ?? '');
  const { sign, count, unit } = figureOf(item);
  part('sign').setAttribute('href', `${assetUrl('icons/sprite.svg')}#${sign}`);
  setText(part('count'), count);
  setText(part('unit'), unit);
  setText(part('since'), item.live_since ? sinceOf(item.live_since) : '');
  showPoster(/** @type {HTMLImageElement} */ (part('poster')), item.poster ?? '');
}

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

/** @param {Item} item */
function figureOf({ kind, viewers, duration }) {
  if (kind === 'live') return { sign: 'eye', count: headCount(viewers), unit: t('site.watching') };
  return { sign: 'play', count: clockTime(duration ?? 0), unit: '' };
}

/** @param {string} at  ISO 8601 */
const sinceOf = (at) => clockTime((Date.now() - Date.parse(at)) / 1_000);

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
