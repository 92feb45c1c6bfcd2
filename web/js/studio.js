/** The studio: looks at the camera, goes live, stays live. With its camera panel, all of the page that touches the document. */
import { byId, setText, toast } from './page/dom.js';
import * as api from './page/rooms_api.js';
import { copy, share } from './page/share.js';
import { keep, recall } from './page/store.js';
import { clockTime, headCount } from './page/words.js';
import { Broadcast } from './publish/broadcast.js';
import { CameraError } from './publish/camera.js';
import { cameraObstacle, obstacleHere } from './publish/obstacles.js';
import { claimOnlyTab } from './publish/only_tab.js';
import { WakeLock } from './publish/wake_lock.js';
import { CameraPanel } from './studio/camera_panel.js';

/**
 * @typedef {api.NewRoom & {since?: number}} MyRoom  `since`: Unix seconds of going live
 * @typedef {'starting' | 'obstacle' | 'ready' | 'live' | 'elsewhere' | 'over'} Screen
 */

const panel = new CameraPanel((track) => {
  broadcast?.replaceTrack(track).catch(() => toast('The other camera could not be sent'));
});
const wakeLock = new WakeLock();
/** @type {Broadcast | null} */
let broadcast = null;
/** @type {MyRoom | null} */
let mine = null;
let letGo = () => {};
let poll = 0;
let timer = 0;
let peak = 0;

/** @param {Screen} screen */
function show(screen) {
  document.body.dataset.screen = screen;
  for (const element of document.querySelectorAll('[data-on]')) {
    const on = /** @type {HTMLElement} */ (element).dataset.on?.split(' ').includes(screen);
    /** @type {HTMLElement} */ (element).hidden = !on;
  }
}

// ---- The camera -------------------------------------------------------------------------------------------------------

/** @param {import('./publish/obstacles.js').Obstacle} obstacle */
function showObstacle({ name, heading, text, steps, action }) {
  byId('obstacle').dataset.name = name;
  setText(byId('obstacle-heading'), heading);
  setText(byId('obstacle-text'), text);
  byId('obstacle-steps').replaceChildren(
    ...steps.map((step) => {
      const item = document.createElement('li');
      item.textContent = step;
      return item;
    }),
  );
  byId('retry').hidden = action === 'none';
  byId('copy-page').hidden = action !== 'copy';
  show('obstacle');
}

/** @returns {Promise<boolean>} whether there is a picture */
async function openCamera() {
  try {
    await panel.open();
    return true;
  } catch (error) {
    showObstacle(cameraObstacle(error instanceof CameraError ? error.reason : 'busy'));
    return false;
  }
}

// ---- Going live -------------------------------------------------------------------------------------------------------

async function goLive() {
  const button = /** @type {HTMLButtonElement} */ (byId('go-live'));
  const token = /** @type {HTMLInputElement} */ (byId('token')).value.trim();
  const title = /** @type {HTMLInputElement} */ (byId('title')).value.trim();
  button.disabled = true;
  setText(byId('setup-error'), '');
  try {
    if (token) keep('token', token);
    keep('title', title);
    begin(await api.createRoom(title, recall('token')));
  } catch (error) {
    const { status = 0, message } = /** @type {api.ApiError} */ (error);
    if (status === 401 || status === 403) askForToken();
    setText(byId('setup-error'), message);
  } finally {
    button.disabled = false;
  }
}

function askForToken() {
  keep('token', null);
  byId('token-field').hidden = false;
  byId('token').focus();
}

/** @param {MyRoom} room */
function begin(room) {
  mine = { ...room, since: room.since ?? Date.now() / 1000 };
  keep('room', mine);
  peak = 0;
  showLink('connecting');
  show('live');
  setText(byId('live-title'), room.title || 'Untitled');
  const { host, pathname } = new URL(room.watch);
  /** @type {HTMLAnchorElement} */ (byId('share-link')).href = room.watch;
  setText(byId('share-host'), host);
  setText(byId('share-path'), pathname);
  letGo = claimOnlyTab(() => {
    leave();
    show('elsewhere');
  });
  broadcast = new Broadcast({ endpoint: room.whip, key: room.key, iceServers: room.ice_servers ?? [] }, panel.camera.stream, {
    state: showLink,
    health: showHealth,
    over: ({ message }) => finish(`The live ended: ${message}`),
  });
  broadcast.start();
  wakeLock.hold();
  timer = window.setInterval(showTime, 500);
  poll = window.setInterval(pollRoom, 2_000);
  showTime();
  pollRoom();
}

/** Undoes `begin`, without a word to the server. */
function leave() {
  broadcast?.close();
  broadcast = null;
  letGo();
  wakeLock.close();
  clearInterval(timer);
  clearInterval(poll);
}

/** @param {string} why */
function finish(why) {
  if (!mine) return;
  setText(byId('over-text'), why);
  setText(byId('over-time'), clockTime(Date.now() / 1000 - (mine.since ?? 0)));
  setText(byId('over-peak'), headCount(peak));
  leave();
  mine = null;
  keep('room', null);
  show('over');
}

async function end() {
  const room = mine;
  if (!room) return;
  const ended = broadcast?.end();
  finish('Thanks for going live.');
  await ended;
  await api.endRoom(room.room, room.key).catch(() => toast('The server was not reached: the room ends by itself soon.'));
}

// ---- While live -------------------------------------------------------------------------------------------------------

/** @param {'connecting' | 'live' | 'lost'} state */
function showLink(state) {
  document.body.dataset.link = state;
  setText(byId('link-state'), { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting' }[state]);
  if (state !== 'live') setText(byId('health'), state === 'lost' ? 'Connection lost. Coming back by itself…' : '');
}

/** @param {import('./publish/broadcast.js').Health} health */
function showHealth({ bitrate, estimate, fps, width, height }) {
  const weak = !panel.camera.paused && ((estimate > 0 && estimate < 600_000) || fps < 15);
  byId('health').classList.toggle('weak', weak);
  setText(byId('health'), `${weak ? 'Weak connection · ' : ''}${Math.min(width, height)}p · ${Math.round(fps)} fps · ${(bitrate / 1e6).toFixed(1)} Mbps`);
}

function showTime() {
  if (mine) setText(byId('timer'), clockTime(Date.now() / 1000 - (mine.since ?? 0)));
}

async function pollRoom() {
  const room = mine;
  if (!room) return;
  try {
    const { viewers, state } = await api.roomInfo(room.room);
    if (mine !== room) return;
    peak = Math.max(peak, viewers);
    setText(byId('viewers'), headCount(viewers));
    if (state === 'ended') finish('The live has ended.');
  } catch (error) {
    if (mine === room && /** @type {api.ApiError} */ (error).status === 404) finish('The server no longer knows this live.');
  }
}

function showQr() {
  if (!mine) return;
  const image = /** @type {HTMLImageElement} */ (byId('qr'));
  image.src = api.qrUrl(mine.room);
  /** @type {HTMLDialogElement} */ (byId('qr-dialog')).showModal();
}

// ---- Coming in --------------------------------------------------------------------------------------------------------

/** The room this browser was live in, if it still is: a reload must not end a live. */
async function roomToResume() {
  /** @type {MyRoom | null} */
  const kept = recall('room');
  if (!kept) return null;
  try {
    const { state } = await api.roomInfo(kept.room);
    if (state === 'live' || state === 'away') return kept;
  } catch (error) {
    // A server that is just restarting: the broadcast will knock until it answers.
    if (/** @type {api.ApiError} */ (error).status !== 404) return kept;
  }
  keep('room', null);
  return null;
}

async function prepare() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    keep('token', token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  const obstacle = obstacleHere();
  if (obstacle) return showObstacle(obstacle);
  await start();
}

async function start() {
  show('starting');
  const settings = api.config().catch(() => null);
  const [ready, resumed] = await Promise.all([openCamera(), roomToResume()]);
  if (!ready) return;
  if (resumed) return begin(resumed);
  show('ready');
  if ((await settings)?.create === 'token' && !recall('token')) byId('token-field').hidden = false;
}

function listen() {
  /** @type {Record<string, () => void>} */
  const clicks = {
    retry: start,
    'copy-page': () => copy(location.href),
    copy: () => copy(mine?.watch ?? ''),
    share: () => share(mine?.watch ?? '', mine?.title ?? 'microlive'),
    'show-qr': showQr,
    end: () => /** @type {HTMLDialogElement} */ (byId('end-dialog')).showModal(),
    'end-confirm': end,
    again: start,
    here: start,
  };
  for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener('click', click);
  byId('setup').addEventListener('submit', (event) => {
    event.preventDefault();
    goLive();
  });
  window.addEventListener('online', () => broadcast?.hurry());
}

/** @type {HTMLInputElement} */ (byId('title')).value = recall('title') ?? '';
listen();
prepare();
