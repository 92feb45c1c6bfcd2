import { savesData } from '../page/data_saver.js';

/**
 * Returns the URL of the picture that a slide shows before its media: small for a viewer who saves
 * data. Null if the item has no picture.
 * @param {import('../api/feed_api.js').FeedItem} item
 * @param {Navigator} [navigator]
 * @returns {string | null}
 */
export function stillOf({ poster, preview }, navigator = globalThis.navigator) {
  return savesData(navigator) ? preview : poster;
}
