/** The keyboard shortcuts of the feed. Pure. */

/**
 * @typedef {'next' | 'previous' | 'first' | 'sound' | 'stats' | 'full' | 'fold' | 'heart' | 'emoji' |
 *   'clip' | 'pause' | 'back' | 'ahead'} FeedAction
 */

/** @type {Readonly<Record<string, FeedAction>>} */
const ACTIONS = Object.freeze({
  ArrowDown: 'next',
  PageDown: 'next',
  j: 'next',
  ArrowUp: 'previous',
  PageUp: 'previous',
  k: 'previous',
  Home: 'first',
  m: 'sound',
  s: 'stats',
  f: 'full',
  h: 'fold',
  l: 'heart',
  e: 'emoji',
  c: 'clip',
  p: 'pause',
  ArrowLeft: 'back',
  ArrowRight: 'ahead',
});

/**
 * @param {string} key  `KeyboardEvent.key`
 * @returns {FeedAction | undefined}
 */
export const feedActionOf = (key) => (Object.hasOwn(ACTIONS, key) ? ACTIONS[key] : undefined);
