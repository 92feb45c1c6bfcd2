/** The studio: looks at the camera, goes live, stays live. Here is how one gets in and out; `OnAir` is what lies between. */
import { byId, setText, toast } from './page/dom.js';
import * as api from './api/rooms_api.js';
import { copy, share } from './page/share.js';
import { keep, recall } from './page/store.js';
import { clockTime, headCount } from './page/words.js';
import { CameraError } from './publish/camera.js';
import { cameraObstacle, obstacleHere } from './publish/obstacles.js';
import { CameraPanel } from './studio/camera_panel.js';
import { Notice } from './studio/notice.js';
import { OnAir } from './studio/on_air.js';
import { show, showObstacle } from './studio/screens.js';

/** @typedef {import('./studio/on_air.js').MyRoom} MyRoom */

const notice = new Notice();
const panel = new CameraPanel((track) => {
  onAir?.replaceTrack(track).catch(() => toast('The new track could not be sent'));
}, notice);
/** @type {OnAir | null} */
let onAir = null;
/** @type {MyRoom | null} */
let mine = null;

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

/** @param {api.NewRoom & {since?: number}} room */
function begin(room) {
  mine = { ...room, since: room.since ?? Date.now() / 1000 };
  keep('room', mine);
  show('live');
  setText(byId('live-title'), room.title || 'Untitled');
  const { host, pathname } = new URL(room.watch);
  /** @type {HTMLAnchorElement} */ (byId('share-link')).href = room.watch;
  setText(byId('share-host'), host);
  setText(byId('share-path'), pathname);
  onAir = new OnAir(mine, panel, notice, {
    over: finish,
    elsewhere() {
      leave();
      show('elsewhere');
    },
  });
}

/** Undoes `begin`, without a word to the server. */
function leave() {
  onAir?.close();
  onAir = null;
}

/** @param {string} why */
function finish(why) {
  if (!mine) return;
  setText(byId('over-text'), why);
  setText(byId('over-time'), clockTime(onAir?.seconds ?? 0));
  setText(byId('over-peak'), headCount(onAir?.peak ?? 0));
  leave();
  mine = null;
  keep('room', null);
  show('over');
}

async function end() {
  const room = mine;
  if (!room) return;
  const ended = onAir?.end();
  finish('Thanks for going live.');
  await ended;
  await api.endRoom(room.room, room.key).catch(() => toast('The server was not reached: the room ends by itself soon.'));
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
  for (const change of ['online', 'offline']) window.addEventListener(change, () => onAir?.hurry());
  // Wi-Fi to 4G, where the browser tells (Chromium on Android).
  /** @type {any} */ (navigator).connection?.addEventListener?.('change', () => onAir?.hurry());
}

/** @type {HTMLInputElement} */ (byId('title')).value = recall('title') ?? '';
listen();
prepare();
