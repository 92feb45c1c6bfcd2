/** The script of a replay's page: the player, and what people wrote and tapped in time with it. */
import { qrUrl } from './api/rooms_api.js';
import { timelineOf } from './api/timeline_api.js';
import { byId, setText } from './page/dom.js';
import { BROWSER } from './page/environment.js';
import { showNowPlaying } from './page/now_playing.js';
import { registerServiceWorker } from './page/service_worker.js';
import { share } from './page/share.js';
import { t } from './page/strings.js';
import { dateOf } from './page/words.js';
import { Identity } from './people/identity.js';
import { Moment } from './recorded/moment.js';
import { openQr } from './recorded/qr_sheet.js';
import { listenForShortcuts } from './recorded/shortcuts.js';
import { ReplayChapters } from './replay/replay_chapters.js';
import { ReplayClock } from './replay/replay_clock.js';
import { makeReplayEngine } from './replay/replay_engine.js';
import { replayMessage } from './replay/replay_message.js';
import { ReplayPlayer } from './replay/replay_player.js';
import { ReplayTimeline } from './replay/replay_timeline.js';

/**
 * @type {{room: string, playlist: string, opus_playlist: string, began_at: number,
 *   chapters: number[], runs: import('./replay/replay_clock.js').Run[]}}
 */
const {
  room,
  playlist,
  opus_playlist: opus,
  began_at,
  chapters,
  runs,
} = JSON.parse(byId('replay').textContent ?? '');

const { link = location.href } = byId('replay').dataset;
const sheet = /** @type {HTMLDialogElement} */ (byId('sheet'));
const clock = new ReplayClock(runs);
const player = new ReplayPlayer(clock.duration, BROWSER);
const identity = new Identity();
const timeline = new ReplayTimeline((from, to) => timelineOf(room, from, to), BROWSER.now);
const moment = new Moment({
  ...{ video: player.video, timeline, rowOf: replayMessage },
  mediaTime: (seconds) => clock.mediaTime(seconds),
  isHidden: (person) => identity.hides(person),
  origin: [0.86, 0.74],
});

new ReplayChapters(
  chapters.map((mediaTime) => clock.seconds(mediaTime)),
  clock.duration,
  (seconds) => player.seek(seconds),
);

function showFailure() {
  byId('failed').hidden = false;
}

/** Only the page for the creator has these elements. */
const own = document.getElementById('own') && import('./replay/own_replay.js').then(openOwn);

/** @param {typeof import('./replay/own_replay.js')} module */
function openOwn({ OwnReplay }) {
  return new OwnReplay({
    ...{ room, link, video: player.video, environment: BROWSER },
    mediaTime: (seconds) => clock.mediaTime(seconds),
  });
}

listenForShortcuts({
  c: () => void own?.then((parts) => parts.clip()),
  m: () => player.toggleSound(),
  f: () => player.toggleFull(),
  k: () => player.togglePause(),
  ' ': () => player.togglePause(),
  ArrowLeft: () => player.jump(-1),
  ArrowRight: () => player.jump(1),
});
setText(byId('date'), dateOf(began_at * 1_000));
showNowPlaying(
  document.querySelector('h1')?.textContent ?? document.title,
  `/v/${encodeURIComponent(room)}/poster.jpg`,
);
byId('share').addEventListener('click', () => share(link, document.title));
byId('qr').addEventListener('click', () => {
  openQr(qrUrl(room, new URL(link, location.href).search), t('replay.qr_why'));
});
byId('sheet-close').addEventListener('click', () => sheet.close());
identity.onChange(() => moment.show());
identity.loadHidden().catch(() => {}); // the page then hides no messages
makeReplayEngine(player.video, { playlist, opus }, showFailure, BROWSER.now).then(
  () => player.play(),
  showFailure,
);
registerServiceWorker();
