/**
 * The first script of the room's page. The script is inline in the page, so that it needs no
 * request. Its result is in the global variable `microliveBoot`, which the page's other scripts
 * read.
 */
import { showFirstFrame } from './first_frame.js';
import { preload } from './preload.js';

const { room = '', worker = '' } = document.documentElement.dataset;
const player = new URLSearchParams(location.search).get('player');

/** @typedef {{preload: import('./preload.js').Preload, showFirstFrame: () => void}} Boot */
Object.assign(self, {
  microliveBoot: { preload: preload({ room, player, worker }), showFirstFrame },
});
