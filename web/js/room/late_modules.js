import { loadStyle } from '../page/style.js';

/** The style of the instant replay, once it is loading. @type {Promise<void> | undefined} */
let rewindStyle;

/**
 * Modules that are not needed for the first frame. The page loads these modules soon after the
 * first frame, so that they are available even if the network fails later.
 */
export const lateModules = {
  api: () => import('../api/rooms_api.js'),
  eventStream: () => import('../watch/line/event_stream.js'),
  pictureInPicture: () => import('./picture_in_picture.js'),
  statsOverlay: () => import('./stats_overlay.js'),
  rewind: () =>
    Promise.all([import('../rewind/rewind.js'), (rewindStyle ??= loadStyle('css/rewind.css'))]),
  share: () => import('../page/share.js'),
  serviceWorker: () => import('../page/service_worker.js'),
};

export function loadLateModules() {
  for (const load of Object.values(lateModules)) load().catch(() => {});
  lateModules.serviceWorker().then(
    ({ registerServiceWorker }) => registerServiceWorker(),
    () => {},
  );
}
