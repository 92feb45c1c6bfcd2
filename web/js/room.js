/**
 * The script of the room's page: one RoomView, the keyboard shortcuts, the page title and the
 * messages.
 */
import { byId, toast } from './page/dom.js';
import { lateModules } from './room/late_modules.js';
import { RoomView } from './room/room_view.js';

const READY_WITHIN = 300; // ms after which the controls appear, with or without a frame

const { room = '', worker = '', watch = location.href } = document.documentElement.dataset;
const query = new URLSearchParams(location.search);
/** @type {import('./boot/main.js').Boot | undefined} */
const boot = /** @type {any} */ (window).microliveBoot;

/** Shows the controls. Until this call, the page lays out only the frame. */
const showControls = () => document.body.classList.remove('bare');
window.setTimeout(showControls, READY_WITHIN);

const view = new RoomView({
  room,
  worker,
  root: byId('stage'),
  player: query.get('player'),
  preload: boot?.preload,
  events: {
    ready: showControls,
    title: (title) => (document.title = `${title} · microlive`),
    notice: toast,
    share: async () => (await lateModules.share()).share(watch, document.title),
  },
});

document.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey) return;
  if (key === 'm') view.toggleMuted();
  if (key === 's') void view.toggleStats();
  if (key === 'f') view.toggleFullScreen();
});
Object.assign(window, { microlive: { stats: () => view.stats() } });
if (query.has('stats')) void view.toggleStats();
