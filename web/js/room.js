/**
 * The script of the room's page: one RoomView with its social parts, the keyboard shortcuts, the
 * page title and the messages.
 */
import { byId, toast } from './page/dom.js';
import { actionOfKey } from './page/gesture_table.js';
import { isTyping } from './page/key_press.js';
import { loadStyle } from './page/style.js';
import { lateModules } from './room/late_modules.js';
import { LateSocial } from './room/late_social.js';
import { LockScreen } from './room/lock_screen.js';
import { RoomView } from './room/room_view.js';

const WITHOUT_PICTURE = ['idle', 'away']; // states in which the chat is open even without a picture
const READY_WITHIN = 300; // ms after which the controls appear, with or without a frame

const {
  room = '',
  worker = '',
  watch = location.href,
  embedded,
} = document.documentElement.dataset;
const query = new URLSearchParams(location.search);
if (query.has('k')) {
  // From now on, a cookie opens the room. A copied address must not contain the token of the link.
  query.delete('k');
  const rest = query.toString();
  history.replaceState(history.state, '', location.pathname + (rest && `?${rest}`) + location.hash);
}
/** @type {import('./boot/main.js').Boot | undefined} */
const boot = /** @type {any} */ (window).microliveBoot;
const stage = byId('stage');

const styled = Promise.all([loadStyle('css/base.css'), loadStyle('css/room.css')]);
/** Shows the controls once their style applies. Until then, the page lays out only the frame. */
const showControls = () => void styled.then(() => document.body.classList.remove('bare'));
window.setTimeout(showControls, READY_WITHIN);

const social = new LateSocial(async () => {
  const [{ Social }] = await Promise.all([
    import('./social/social.js'),
    loadStyle('css/people.css'),
    loadStyle('css/social.css'),
    loadStyle('css/clip_sheet.css'),
  ]);
  return new Social({
    ...{ room, stage, watch, notice: toast },
    send: (notice) => view.send(notice),
    mediaTime: () => view.mediaTime,
  });
});

/** Loads the chat, except in a frame of another site: there, the viewer has no cookie. */
const loadSocial = () => void (embedded === undefined && social.load());

const lockScreen = new LockScreen(room, document);
const view = new RoomView({
  room,
  worker,
  root: stage,
  player: query.get('player'),
  preload: boot?.preload,
  events: {
    ready: showControls,
    title: (title) => {
      document.title = `${title} · microlive`;
      lockScreen.show(title);
    },
    notice: toast,
    share: async () => (await lateModules.share()).share(watch, document.title),
    event: (event) => social.receive(event),
    settled: loadSocial,
    state: (state) => void (WITHOUT_PICTURE.includes(state) && loadSocial()),
    connected: () => void social.view?.load(),
    playhead: (mediaTime) => social.view?.replay(mediaTime),
    doubleTap: (x, y) => social.view?.heart({ x, y }),
  },
});

/** @type {Partial<Record<import('./page/gesture_table.js').Action, () => void>>} */
const shortcuts = {
  sound: () => view.toggleMuted(),
  stats: () => void view.toggleStats(),
  full: () => view.toggleFullScreen(),
  fold: () => view.toggleFold(),
  // In an instant replay, the same key leads back to the live.
  heart: () => (view.replaying ? view.backToLive() : social.view?.heart()),
  back: () => view.jump(-5),
  ahead: () => view.jump(5),
  pause: () => view.togglePaused(),
  emoji: () => social.view?.toggleTray(),
  clip: () => social.view?.clip(),
};
document.addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey, isComposing }) => {
  if (ctrlKey || metaKey || altKey || isComposing) return;
  if (isTyping(/** @type {Element} */ (target)) || document.querySelector('dialog[open]')) return;
  const action = actionOfKey(key);
  if (action) shortcuts[action]?.();
});
Object.assign(window, { microlive: { stats: () => view.stats() } });
if (query.has('stats')) void view.toggleStats();
