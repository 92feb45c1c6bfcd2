/**
 * The first script of the room's page. It is inline in the page, so that it waits for no request.
 * It stores its result in the global `microliveBoot`, where the page's other scripts find it.
 */
import { showFirstFrame } from './first_frame.js';
import { preload } from './preload.js';

const { room = '', worker = '' } = document.documentElement.dataset;
const player = new URLSearchParams(location.search).get('player');

/** @typedef {{preload: import('./preload.js').Preload, showFirstFrame: () => void}} Boot */
Object.assign(self, {
  microliveBoot: { preload: preload({ room, player, worker }), showFirstFrame },
});
