/** The room: watches one stream, and never stops trying. The only module of its page that touches the document. */
import { firstSocket, firstSource, watchUrl } from './watch/first_socket.js';
import { Connection } from './watch/connection.js';
import { choosePlayer } from './watch/player.js';
import { KIND, readEvent } from './watch/record.js';
import { byId, setText, toast } from './page/dom.js';
import { Stage } from './room/stage.js';
import { listenForGestures } from './room/gestures.js';

const { room = '', watch = location.href } = document.body.dataset;
const query = new URLSearchParams(location.search);
const { Player, unknown } = choosePlayer(query.get('player'));
const video = adopt(/** @type {HTMLVideoElement} */ (byId('video')));
const root = byId('stage');
const stage = new Stage(root, video, byId('backdrop'), byId('still'));

/**
 * Puts the element whose source is opening already in the place of the one in the document.
 * @param {HTMLVideoElement} placeholder
 */
function adopt(placeholder) {
  if (!firstSource) return placeholder;
  for (const { name, value } of placeholder.attributes) firstSource.video.setAttribute(name, value);
  placeholder.replaceWith(firstSource.video);
  return firstSource.video;
}

/** @typedef {'connecting' | 'idle' | 'live' | 'away' | 'ended' | 'sorry'} RoomState */
/** @type {RoomState} */
let state = 'connecting';
let viewers = 0;
let pace = { pace: 'full', dropped: 0 };
let rebuilds = 0;
let rebuiltAt = -Infinity;
let bitrate = 0;
let lostTimer = 0;
/** @type {import('./room/stats_overlay.js').StatsOverlay | null} */
let overlay = null;
/** @type {import('./watch/connection.js').Hello | null} */
let lastHello = null;

const connection = new Connection(watchUrl(room, query.get('player') ?? undefined), {
  hello(hello) {
    clearTimeout(lostTimer);
    root.classList.remove('lost');
    lastHello = hello;
    pace = { pace: 'full', dropped: 0 };
    // Another stream has another clock: nothing of what the old player holds fits.
    if (player.stream && player.stream !== hello.stream) replacePlayer();
    player.hello(hello);
    if (video.paused && !document.hidden && player.stats().frames) player.resume();
  },
  record(record, arrival) {
    if (record.kind === KIND.EVENT) roomEvent(readEvent(record.body));
    else player.record(record, arrival);
  },
  pace(notice) {
    pace = notice;
  },
  down() {
    clearTimeout(lostTimer);
    lostTimer = window.setTimeout(() => root.classList.add('lost'), 600);
  },
  failing: askWhatIsWrong,
  over(code) {
    if (code === 4410) enter('ended');
    else sorry('This browser cannot play this live', 'It has no decoder for the picture. Try another browser.');
  },
});

/** @type {import('./watch/player.js').Player} */
let player = newPlayer();

/** What the first picture does not wait for. Fetched behind it, so that it is there when the network is not. */
const afterwards = {
  api: () => import('./page/rooms_api.js'),
  share: () => import('./page/share.js'),
  overlay: () => import('./room/stats_overlay.js'),
};

/** The page comes with nothing but the picture laid out; the rest follows the first picture, or does not wait for it any longer. */
function dress() {
  document.body.classList.remove('bare');
}
window.setTimeout(dress, 300);

// ---- The player -------------------------------------------------------------------------------------------------------

function newPlayer() {
  return new Player(video, connection.clock, {
    picture() {
      stage.release();
      dress();
      root.classList.add('playing');
      for (const fetchModule of Object.values(afterwards)) fetchModule().catch(() => {});
    },
    broken: playerBroken,
    blocked() {
      byId('play').hidden = false;
    },
  });
}

function replacePlayer() {
  stage.hold();
  player.close();
  player = newPlayer();
}

/**
 * @param {string} reason
 * @param {boolean} final
 */
function playerBroken(reason, final) {
  if (final) return sorry('This browser cannot play this live', reason);
  console.warn(`player: ${reason}`);
  rebuilds++;
  const now = performance.now();
  // At once; but a player that breaks again and again must not hammer the server.
  const wait = now - rebuiltAt < 5_000 ? 1_500 : 0;
  rebuiltAt = now;
  replacePlayer();
  window.setTimeout(() => connection.restart(), wait);
}

// ---- The room ---------------------------------------------------------------------------------------------------------

/** @param {{type?: string, state?: RoomState, title?: string, viewers?: number} | null} event */
function roomEvent(event) {
  if (event?.type !== 'room') return;
  viewers = event.viewers ?? viewers;
  setText(byId('viewers'), viewers < 1000 ? String(viewers) : `${(viewers / 1000).toFixed(1)}K`);
  if (event.title) {
    setText(byId('room-title'), event.title);
    document.title = `${event.title} · microlive`;
  }
  if (event.state) enter(event.state);
}

/** @param {RoomState} next */
function enter(next) {
  state = next;
  if (next !== 'live') dress(); // there is a card to read
  root.dataset.state = next;
  connection.lively = next === 'live';
  for (const name of ['idle', 'away', 'ended', 'sorry']) byId(`card-${name}`).hidden = name !== next;
  if (next !== 'ended' && next !== 'sorry') return;
  stage.hold();
  connection.close();
  player.close();
}

/**
 * @param {string} heading
 * @param {string} text
 */
function sorry(heading, text) {
  setText(byId('sorry-heading'), heading);
  setText(byId('sorry-text'), text);
  enter('sorry');
}

/** A refused WebSocket does not say why; the HTTP interface does. */
async function askWhatIsWrong() {
  try {
    const { roomInfo } = await afterwards.api();
    if ((await roomInfo(room)).state === 'ended') enter('ended');
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    if (status === 404) sorry('There is no such live', 'The link may be old, or cut short.');
  }
}

// ---- Numbers ----------------------------------------------------------------------------------------------------------

function stats() {
  const { name } = player;
  return { bitrate, ...player.stats(), player: name, state, viewers, pace: pace.pace, leftOut: pace.dropped, reconnects: Math.max(0, connection.reconnects), rebuilds };
}

function measureBitrate() {
  let [bytes, then] = [0, performance.now()];
  window.setInterval(() => {
    const now = performance.now();
    bitrate = ((connection.bytes - bytes) * 8_000) / (now - then);
    [bytes, then] = [connection.bytes, now];
  }, 1_000);
}

async function toggleStats() {
  if (overlay) {
    overlay.close();
    overlay = null;
    return;
  }
  const { StatsOverlay } = await afterwards.overlay();
  overlay ??= new StatsOverlay(byId('stats'), stats);
}

// ---- Hands on the page ------------------------------------------------------------------------------------------------

/** @param {boolean} muted */
function setMuted(muted) {
  video.muted = muted;
  byId('unmute').hidden = true;
  byId('sound').hidden = false;
  byId('sound').setAttribute('aria-pressed', String(muted));
  byId('sound').setAttribute('aria-label', muted ? 'Sound on' : 'Sound off');
  if (video.paused) player.resume();
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen?.().catch(() => {});
}

function listen() {
  /** @type {Record<string, () => void>} */
  const clicks = {
    unmute: () => setMuted(false),
    sound: () => setMuted(!video.muted),
    share: async () => (await afterwards.share()).share(watch, document.title),
    full: fullScreen,
    play() {
      byId('play').hidden = true;
      player.resume();
    },
  };
  for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener('click', click);
  byId('full').hidden = !root.requestFullscreen;
  listenForGestures(root, { tap: () => video.muted && setMuted(false), hold: toggleStats });
  document.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
    if (ctrlKey || metaKey || altKey) return;
    if (key === 'm') setMuted(!video.muted);
    if (key === 's') toggleStats();
    if (key === 'f') fullScreen();
  });
  window.addEventListener('online', () => connection.hurry());
  document.addEventListener('visibilitychange', seenOrHidden);
  window.addEventListener('pageshow', ({ persisted }) => persisted && seenOrHidden());
  window.addEventListener('pagehide', () => connection.close());
}

/** A hidden page takes no feed: it would pile up, unseen. It comes back at the live edge. */
function seenOrHidden() {
  if (state === 'ended' || state === 'sorry') return;
  connection.close();
  if (document.hidden) return;
  connection.open();
  if (lastHello) player.resume();
}

Object.assign(window, { microlive: { stats } });
listen();
connection.open(document.hidden ? null : firstSocket);
if (document.hidden) connection.close();
measureBitrate();
if (query.has('stats')) toggleStats();
if (unknown) toast(`There is no player “${query.get('player')}” yet. Playing with ${player.name}.`);
