/**
 * Modules that are not needed for the first frame. The page loads these modules soon after the
 * first frame, so that they are available even if the network fails later.
 */
export const lateModules = {
  api: () => import('../api/rooms_api.js'),
  eventStream: () => import('../watch/line/event_stream.js'),
  pictureInPicture: () => import('./picture_in_picture.js'),
  statsOverlay: () => import('./stats_overlay.js'),
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
