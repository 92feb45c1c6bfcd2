/**
 * The six reactions, by the names that the server uses. The page has its own picture of each
 * reaction.
 */
import { assetUrl } from '../page/icon.js';

export const EMOJI = Object.freeze(
  /** @type {const} */ (['heart', 'fire', 'laugh', 'wow', 'clap', 'cry']),
);

/** @param {string} name */
export const isEmoji = (name) => EMOJI.some((each) => each === name);

/** @param {string} name  name of an emoji */
export const pictureOf = (name) => assetUrl(`icons/reactions/${name}.svg`);
