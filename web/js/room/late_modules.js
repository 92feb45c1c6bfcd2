/**
 * Modules that the first frame does not wait for. They are loaded a moment after it, so that they
 * are there when the network is not.
 */
export const lateModules = {
  api: () => import('../api/rooms_api.js'),
  eventStream: () => import('../watch/line/event_stream.js'),
  pictureInPicture: () => import('./picture_in_picture.js'),
  statsOverlay: () => import('./stats_overlay.js'),
  share: () => import('../page/share.js'),
};

export function loadLateModules() {
  for (const load of Object.values(lateModules)) load().catch(() => {});
}
