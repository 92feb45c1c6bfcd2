/**
 * The script of the studio page: opens the camera, starts a room and ends the room. Between start
 * and end, `OnAir` runs everything that is needed.
 */
import { byId, setText, toast } from './page/dom.js';
import { NetworkWatch } from './page/network_watch.js';
import * as api from './api/rooms_api.js';
import { registerServiceWorker } from './page/service_worker.js';
import { copy, share } from './page/share.js';
import { t } from './page/strings.js';
import { keep, keepInTab, recall, recallInTab } from './page/store.js';
import { clockTime, headCount } from './page/words.js';
import { CameraError } from './publish/camera.js';
import { browserFeatures, browserObstacle, cameraObstacle } from './publish/obstacles.js';
import { ClipsApi } from './api/clips_api.js';
import { LiveApi } from './api/live_api.js';
import { Identity } from './people/identity.js';
import { CameraPanel } from './studio/camera_panel.js';
import { CreatorRoom } from './studio/creator_room.js';
import { KeepChoice } from './studio/keep_choice.js';
import { LiveChoices } from './studio/live_choices.js';
import { createLive } from './studio/new_live.js';
import { Notice } from './studio/notice.js';
import { OnAir } from './studio/on_air.js';
import { RecordingWatch } from './studio/recording_watch.js';
import { ReplayCard } from './studio/replay_card.js';
import { show, showObstacle } from './studio/screens.js';
import { SetupForm } from './studio/setup_form.js';
import { SummaryView } from './studio/summary_view.js';
import { WhoPanel } from './studio/who_panel.js';

/** @typedef {import('./studio/on_air.js').MyRoom} MyRoom */

const notice = new Notice();
const panel = new CameraPanel((track) => {
  onAir?.replaceTrack(track).catch(() => toast(t('studio.track_failed')));
}, notice);
const setup = new SetupForm(goLive);
const choices = new LiveChoices();
const keepChoice = new KeepChoice();
const identity = new Identity();
new WhoPanel(identity);
/** @type {OnAir | null} */
let onAir = null;
/** @type {CreatorRoom | null} */
let creatorRoom = null;
/** @type {RecordingWatch | null} */
let recordingWatch = null;
/** @type {SummaryView | null} */
let summary = null;
/** @type {ReplayCard | null} */
let replayCard = null;
/** @type {MyRoom | null} */
let mine = null;

/** @returns {Promise<boolean>} whether there is video */
async function openCamera() {
  try {
    await panel.open();
    return true;
  } catch (error) {
    showObstacle(
      cameraObstacle(error instanceof CameraError ? error.reason : 'busy', navigator.userAgent),
    );
    return false;
  }
}

// ---- Going live ---------------------------------------------------------------------------------

/**
 * @param {string} title
 * @param {string} token '' to use the stored token
 * @throws {api.ApiError}
 */
async function goLive(title, token) {
  if (token) keepInTab('token', token);
  keep('title', title);
  const chosen = choices.value;
  let made;
  try {
    made = await createLive(title, recallInTab('token'), chosen, keepChoice.value);
  } catch (error) {
    const { status } = /** @type {api.ApiError} */ (error);
    if (status === 401 || status === 403) keepInTab('token', null);
    throw error;
  }
  begin({ ...made, visibility: chosen.visibility ?? 'public' });
}

/** @param {Omit<MyRoom, 'since'> & {since?: number}} room */
function begin(room) {
  mine = { ...room, since: room.since ?? Date.now() / 1_000 };
  keep('room', mine);
  show('live');
  setText(byId('live-title'), room.title || t('studio.untitled'));
  creatorRoom = new CreatorRoom(mine, identity, () => onAir?.move());
  recordingWatch = new RecordingWatch(new LiveApi(mine.room, mine.key), notice);
  onAir = new OnAir(mine, panel, notice, {
    over: finish,
    moment: (moment) => creatorRoom?.offer(moment),
    elsewhere() {
      leave();
      show('elsewhere');
    },
  });
}

/**
 * Stops everything that `begin` started, and switches the camera off. Sends no request to the
 * server.
 */
function leave() {
  onAir?.close();
  creatorRoom?.close();
  recordingWatch?.close();
  onAir = creatorRoom = recordingWatch = null;
  panel.stop();
}

/**
 * @param {string} why
 * @param {Promise<unknown>} [ended]  settles when the server has ended the room
 */
function finish(why, ended = Promise.resolve()) {
  if (!mine) return;
  setText(byId('over-text'), why);
  setText(byId('over-time'), clockTime(onAir?.seconds ?? 0));
  setText(byId('over-peak'), headCount(onAir?.peak ?? 0));
  leave();
  showSummary(mine, ended);
  mine = null;
  keep('room', null);
  show('over');
}

/**
 * @param {MyRoom} room
 * @param {Promise<unknown>} ended
 */
function showSummary({ room, key, watch, title }, ended) {
  summary?.close();
  replayCard?.close();
  const live = new LiveApi(room, key);
  const view = new SummaryView(live, new ClipsApi(room, key));
  const card = new ReplayCard(live);
  [summary, replayCard] = [view, card];
  void ended.then(() => {
    void view.load();
    void card.load();
  });
  /** @type {HTMLAnchorElement} */ (byId('replay-link')).href = `/v/${encodeURIComponent(room)}`;
  byId('share-summary').onclick = () => share(watch, t('studio.summary.shared', { title }));
}

async function end() {
  const room = mine;
  if (!room) return;
  const ended = endOnServer(room);
  finish(t('studio.over_text'), ended);
  await ended;
}

/** @param {MyRoom} room */
async function endOnServer({ room, key }) {
  await onAir?.end();
  await api.endRoom(room, key).catch(() => toast(t('studio.not_ended')));
}

// ---- Start --------------------------------------------------------------------------------------

/**
 * Returns the room that this browser published, if the room is still live. A reload of the page
 * does not end the room, so the creator can continue after the reload.
 */
async function roomToResume() {
  /** @type {MyRoom | null} */
  const kept = recall('room');
  if (!kept) return null;
  try {
    const { state } = await api.roomInfo(kept.room);
    if (state === 'live' || state === 'away') return kept;
  } catch (error) {
    // The server may be restarting: the broadcast retries until the server answers.
    if (/** @type {api.ApiError} */ (error).status !== 404) return kept;
  }
  keep('room', null);
  return null;
}

async function prepare() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    // A link must not replace the creator's own token.
    if (recallInTab('token') === null) keepInTab('token', token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  const obstacle = browserObstacle(browserFeatures());
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
  keepChoice.standard = (await settings)?.keep_replays;
  if ((await settings)?.create === 'token' && !recallInTab('token')) setup.showToken();
}

function listen() {
  /** @type {Record<string, () => void>} */
  const clicks = {
    retry: start,
    'copy-page': () => copy(location.href),
    end: () => /** @type {HTMLDialogElement} */ (byId('end-dialog')).showModal(),
    'end-confirm': end,
    again: start,
    here: start,
  };
  for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener('click', click);
  new NetworkWatch(() => onAir?.networkChanged());
}

setup.title = recall('title') ?? '';
setup.tags = (new URLSearchParams(location.search).get('tag') ?? '').replace(/^(?=.)/, '#');
listen();
prepare();
registerServiceWorker();
