/**
 * The first script of the room's page. It is inline in the page and waits for no request. The other
 * scripts find its result in the global `microliveBoot`.
 */
import { showFirstFrame } from './first_frame.js';
import { preload } from './preload.js';

const { room = '', worker = '' } = document.documentElement.dataset;
const player = new URLSearchParams(location.search).get('player');

/** @typedef {{preload: import('./preload.js').Preload, showFirstFrame: () => void}} Boot */
Object.assign(self, {
  microliveBoot: { preload: preload({ room, player, worker }), showFirstFrame },
});
