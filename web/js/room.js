/** The room: watches one stream, and never stops trying. The only module of its page that touches the document. */
import { firstSocket, ladder, watchUrl } from './boot/first_socket.js';
import { Beacon } from './watch/line/beacon.js';
import { KIND, readEvent } from './watch/line/record.js';
import { byId, setText, toast } from './page/dom.js';
import { Line } from './watch/line/line.js';
import { Playback } from './watch/playback.js';
import { Stage } from './room/stage.js';
import { listenForGestures } from './room/gestures.js';

const { room = '', watch = location.href } = document.body.dataset;
const query = new URLSearchParams(location.search);
const root = byId('stage');
const SETTLED = 300; // ms after the first picture: the burst of the join is decoded

/** @typedef {'connecting' | 'idle' | 'live' | 'away' | 'ended' | 'sorry'} RoomState */
/** @type {RoomState} */
let state = 'connecting';
let viewers = 0;
let pace = { pace: 'full', dropped: 0 };
let bitrate = 0;
let lostTimer = 0;
/** @type {import('./room/stats_overlay.js').StatsOverlay | null} */
let overlay = null;
const beacon = new Beacon();

const line = new Line(watchUrl(room, ladder.name), {
  hello(hello) {
    clearTimeout(lostTimer);
    root.classList.remove('lost');
    pace = { pace: 'full', dropped: 0 };
    playback.hello(hello);
    if (!document.hidden && playback.stats().frames) playback.resume();
  },
  record(record, arrival) {
    if (record.kind === KIND.EVENT) roomEvent(readEvent(record.body));
    else playback.record(record, arrival);
  },
  pace(notice) {
    pace = notice;
  },
  down() {
    clearTimeout(lostTimer);
    lostTimer = window.setTimeout(tellLost, 600);
  },
  quality: () => beacon.read(ladder.name, playback.stats()),
  failing: askWhatIsWrong,
  over(code) {
    if (code === 4410) enter('ended');
    else playback.undecodable();
  },
});

/** @type {Playback} */
const playback = new Playback({
  room,
  ladder,
  line,
  placeholder: /** @type {HTMLVideoElement} */ (byId('video')),
  stage: () => stage,
  // Who is too slow for the video gets the sound alone.
  expecting: () => state === 'live' && pace.pace === 'full' && !root.classList.contains('lost'),
  events: {
    picture() {
      dress();
      root.classList.add('playing');
      byId('full').hidden = !canFill();
      if (document.pictureInPictureElement) afterwards.pip().then(({ followPlayer }) => playback.player && followPlayer(playback.player));
      window.setTimeout(() => Object.values(afterwards).forEach((fetchModule) => fetchModule().catch(() => {})), SETTLED);
    },
    blocked() {
      byId('play').hidden = false;
    },
    hopeless: (reason) => sorry('This browser cannot play this live', reason),
  },
});
/** @type {Stage} */
const stage = new Stage(root, () => playback.picture, byId('backdrop'), byId('still'));

/** What the first picture does not wait for. Fetched a moment behind it, so that it is there when the network is not. */
const afterwards = {
  api: () => import('./api/rooms_api.js'),
  share: () => import('./page/share.js'),
  pip: () => import('./room/picture_in_picture.js'),
  overlay: () => import('./room/stats_overlay.js'),
};

/** The page comes with nothing but the picture laid out; the rest follows the first picture, or does not wait for it any longer. */
function dress() {
  document.body.classList.remove('bare');
}
window.setTimeout(dress, 300);

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

/** Nothing follows on this page. */
const isOver = () => state === 'ended' || state === 'sorry';

/** @param {RoomState} next */
function enter(next) {
  if (isOver()) return;
  state = next;
  if (next !== 'live') dress(); // there is a card to read
  root.dataset.state = next;
  line.lively = next === 'live';
  for (const name of ['idle', 'away', 'ended', 'sorry']) byId(`card-${name}`).hidden = name !== next;
  if (!isOver()) return;
  clearTimeout(lostTimer);
  stage.hold();
  line.close();
  playback.close();
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
    else playback.blocked();
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    if (status === 404) sorry('There is no such live', 'The link may be old, or cut short.');
  }
}

/** Once the connection is down: said while no picture comes, which over WebRTC or HTTP may go on without it. */
function tellLost() {
  root.classList.toggle('lost', !playback.stats().playing);
  lostTimer = window.setTimeout(tellLost, 300);
}

// ---- Numbers ----------------------------------------------------------------------------------------------------------

function stats() {
  const { rebuilds, muted } = playback;
  const { name: player, why } = ladder;
  return { bitrate, ...playback.stats(), player, why, muted, state, viewers, pace: pace.pace, leftOut: pace.dropped, reconnects: line.reconnects, rebuilds };
}

function measureBitrate() {
  let [bytes, then] = [0, performance.now()];
  window.setInterval(() => {
    const now = performance.now();
    bitrate = ((line.bytes - bytes) * 8_000) / (now - then);
    [bytes, then] = [line.bytes, now];
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
  playback.muted = muted;
  byId('unmute').hidden = true;
  byId('sound').hidden = false;
  byId('sound').setAttribute('aria-pressed', String(muted));
  byId('sound').setAttribute('aria-label', muted ? 'Sound on' : 'Sound off');
}

/** Phones of Apple let no page fill the screen, but a video; there a canvas has all that there is already. */
const canFill = () => 'requestFullscreen' in root || 'webkitEnterFullscreen' in playback.picture.element;

function fullScreen() {
  const { element } = playback.picture;
  if (document.fullscreenElement) document.exitFullscreen();
  else if ('requestFullscreen' in root) root.requestFullscreen().catch(() => {});
  else if ('webkitEnterFullscreen' in element) /** @type {any} */ (element).webkitEnterFullscreen();
}

async function pictureInPicture() {
  const { followPlayer, togglePictureInPicture } = await afterwards.pip();
  const { player } = playback;
  if (!player) return;
  // A page that nobody sees any more takes no feed; the window kept it alive.
  await togglePictureInPicture(player, () => document.hidden && seenOrHidden()).catch(() => toast('This browser does not open a window now.'));
  if (playback.player && playback.player !== player) await followPlayer(playback.player); // it opened too late
}

function listen() {
  /** @type {Record<string, () => void>} */
  const clicks = {
    unmute: () => setMuted(false),
    sound: () => setMuted(!playback.muted),
    share: async () => (await afterwards.share()).share(watch, document.title),
    pip: pictureInPicture,
    full: fullScreen,
    play() {
      byId('play').hidden = true;
      playback.resume();
    },
  };
  for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener('click', click);
  byId('full').hidden = !canFill();
  byId('pip').hidden = !document.pictureInPictureEnabled;
  listenForGestures(root, { tap: () => playback.muted && setMuted(false), hold: toggleStats });
  document.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
    if (ctrlKey || metaKey || altKey) return;
    if (key === 'm') setMuted(!playback.muted);
    if (key === 's') toggleStats();
    if (key === 'f') fullScreen();
  });
  window.addEventListener('online', () => line.hurry());
  document.addEventListener('visibilitychange', seenOrHidden);
  window.addEventListener('pageshow', ({ persisted }) => persisted && seenOrHidden());
  window.addEventListener('pagehide', () => line.close());
}

/** A hidden page takes no feed: it would pile up, unseen. It comes back at the live edge. */
function seenOrHidden() {
  if (isOver() || (document.hidden && document.pictureInPictureElement)) return;
  line.close();
  if (document.hidden) return;
  line.open();
  playback.resume();
}

Object.assign(window, { microlive: { stats } });
listen();
playback.start();
if (!isOver()) line.open(document.hidden ? null : firstSocket);
if (document.hidden) line.close();
measureBitrate();
if (query.has('stats')) toggleStats();
if (ladder.unknown) toast(`There is no player “${ladder.unknown}”. Playing with ${ladder.name}.`);
