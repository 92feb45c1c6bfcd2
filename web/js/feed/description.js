/** Writes what is known of an item onto its slide: the words, the creator, the tags, the reason. */
import { partOf, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { clockTime, headCount } from '../page/words.js';
import { showAvatar } from '../people/avatar.js';
import { reasonText } from './reasons.js';

/** @typedef {import('../api/feed_api.js').FeedItem} FeedItem */

const TAGS = 4; // tags that fit below the title

/**
 * @param {HTMLElement} slide
 * @param {FeedItem} item
 * @returns {string} a name of the slide for screen readers
 */
export function describe(slide, item) {
  const title = item.title || t('site.untitled');
  const mark = t(`feed.kind.${item.kind}`);
  showTitle(slide, title);
  setText(partOf(slide, 'badge'), mark);
  setText(partOf(slide, 'viewers'), headCount(item.viewers));
  partOf(slide, 'watching').hidden = item.kind !== 'live';
  const length = partOf(slide, 'length');
  length.hidden = item.kind === 'live' || !item.duration;
  setText(length, clockTime(item.duration ?? 0));
  showCreator(slide, item.creator);
  partOf(slide, 'tags').replaceChildren(...item.tags.slice(0, TAGS).map(linkOf));
  showReason(slide, item);
  const open = partOf(slide, 'open');
  open.setAttribute('href', item.url);
  if (item.kind !== 'live') open.setAttribute('aria-label', t(`feed.open.${item.kind}`));
  const creator = item.creator.name;
  return creator ? t('feed.item', { mark, title, creator }) : t('feed.item_only', { mark, title });
}

/**
 * Shows a title without the tags at its end, which have links of their own.
 * @param {HTMLElement} slide
 * @param {string} title
 */
export function showTitle(slide, title) {
  const words = title.replace(/(\s*#[^\s#]+)+\s*$/u, '');
  setText(partOf(slide, 'headline'), words || title);
}

/**
 * @param {HTMLElement} slide
 * @param {FeedItem['creator']} creator
 */
function showCreator(slide, creator) {
  const face = partOf(slide, 'face');
  face.hidden = partOf(slide, 'creator').hidden = !creator.name;
  if (!creator.name) return;
  slide.dataset.colour = String(creator.colour);
  showAvatar(face, creator);
  const name = element(creator.handle ? 'a' : 'span', 'creator-name', creator.name);
  if (creator.handle) name.setAttribute('href', `/@${encodeURIComponent(creator.handle)}`);
  partOf(slide, 'creator').replaceChildren(name);
}

/** @param {import('../api/feed_api.js').Tag} tag */
function linkOf({ tag, name }) {
  const link = element('a', 'tag', `#${name}`);
  link.href = `/t/${encodeURIComponent(tag)}`;
  link.dir = 'auto';
  return link;
}

/**
 * @param {HTMLElement} slide
 * @param {FeedItem} item
 */
function showReason(slide, { reasons = [] }) {
  const first = reasons.find((reason) => reason.weight > 0 && reasonText(reason));
  setText(partOf(slide, 'why-text'), first ? reasonText(first) : t('feed.why_heading'));
}
