/** The reasons of the feed (server/feed/RANKING.md) in words. */
import { hasText, t } from '../page/strings.js';

/** @typedef {import('../api/feed_api.js').Reason} Reason */

const SHOWN = 6;

/**
 * @param {Pick<Reason, 'code' | 'detail' | 'weight'>} reason
 * @returns {string} '' for a code that this page does not know
 */
export function reasonText({ code, detail = '', weight }) {
  if (code === 'tag' && detail) {
    const named = weight < 0 ? 'feed.reason.tag_named_against' : 'feed.reason.tag_named';
    return t(named, { tag: `#${detail}` });
  }
  const against = `feed.reason.${code}_against`;
  const key = weight < 0 && hasText(against) ? against : `feed.reason.${code}`;
  return hasText(key) ? t(key) : '';
}

/**
 * The strongest reasons with their share of the whole, from 0 to 1. Reasons that count against the
 * item have a negative share.
 * @param {readonly Reason[]} reasons
 * @returns {{text: string, share: number}[]}
 */
export function reasonRows(reasons) {
  const known = reasons.filter((reason) => reason.weight && reasonText(reason));
  const whole = known.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  return known
    .map((reason) => ({ text: reasonText(reason), share: reason.weight / whole }))
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .slice(0, SHOWN);
}
