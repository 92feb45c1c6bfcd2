/**
 * The script of a clip's page: the player, what people wrote and tapped in these seconds, and the
 * ways to share, download, change and report the clip.
 */
import { ClipsApi, clipQrUrl } from './api/clips_api.js';
import { RoomApi } from './api/room_api.js';
import { timelineOf } from './api/timeline_api.js';
import { reportForm } from './chat/report_form.js';
import { ClipCaptions } from './clip/clip_captions.js';
import { clipMessage } from './clip/clip_message.js';
import { ClipPlayer } from './clip/clip_player.js';
import { ClipTimeline } from './clip/clip_timeline.js';
import { wordsForm } from './own/words_form.js';
import { byId, setText, toast } from './page/dom.js';
import { BROWSER } from './page/environment.js';
import { showNowPlaying } from './page/now_playing.js';
import { registerServiceWorker } from './page/service_worker.js';
import { share } from './page/share.js';
import { t } from './page/strings.js';
import { headCount } from './page/words.js';
import { showAvatar } from './people/avatar.js';
import { Identity } from './people/identity.js';
import { Moment } from './recorded/moment.js';
import { openQr } from './recorded/qr_sheet.js';
import { listenForShortcuts } from './recorded/shortcuts.js';

const LONGEST_REPORT = 500; // characters

const {
  clip = '',
  room = '',
  start = '0',
  end = '0',
  link = location.href,
} = document.body.dataset;
const player = new ClipPlayer(BROWSER);
const identity = new Identity();
const dialog = /** @type {HTMLDialogElement} */ (byId('sheet'));

/** Shows chat and hearts if the server still has them. The clip plays without them. */
async function showMoment() {
  try {
    const [said] = await Promise.all([
      timelineOf(room, Number(start), Number(end)),
      identity.loadHidden().catch(() => {}), // the page then hides no messages
    ]);
    const timeline = new ClipTimeline(said);
    showTaps(timeline.taps);
    new Moment({
      ...{ video: player.video, timeline, rowOf: clipMessage },
      mediaTime: (seconds) => Number(start) + seconds * 1e6,
      isHidden: (person) => identity.hides(person),
      origin: [0.84, 0.66],
    });
  } catch {
    // The chat of the live may be deleted, or the server may be busy.
  }
}

/** @param {number} taps  number of all taps during the clip */
function showTaps(taps) {
  byId('taps').hidden = !taps;
  byId('taps').setAttribute('aria-label', t('clip_page.hearts', { count: taps }));
  setText(byId('tap-count'), headCount(taps));
}

/**
 * @param {string} reason
 * @param {string} text
 */
async function report(reason, text) {
  dialog.close();
  try {
    const about = `/c/${clip} ${text}`.trim().slice(0, LONGEST_REPORT);
    await new RoomApi(room).send('/reports', 'POST', { reason, text: about });
    toast(t('report.sent'));
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

function openReport() {
  const form = reportForm(t('report.heading_clip'), report);
  byId('sheet-content').replaceChildren(form);
  dialog.setAttribute('aria-label', t('report.heading_clip'));
  dialog.showModal();
}

/** Lets the person who made the clip, or its creator, change its words. */
function openWords() {
  const { title = '', caption = '' } = byId('edit').dataset;
  const save = async (/** @type {import('./own/words_form.js').Words} */ words) => {
    await new ClipsApi(room).change(clip, words);
    location.reload(); // the page contains the words
  };
  const form = wordsForm({ title, caption }, save, () => dialog.close());
  byId('sheet-content').replaceChildren(form);
  dialog.setAttribute('aria-label', t('clip_page.edit'));
  dialog.showModal();
}

const avatar = document.getElementById('avatar'); // the live of a program has no creator
if (avatar)
  showAvatar(avatar, { name: avatar.dataset.name ?? '', colour: Number(avatar.dataset.colour) });
byId('share').addEventListener('click', () => void share(link, document.title));
byId('qr').addEventListener('click', () => openQr(clipQrUrl(clip), t('clip_page.qr_why')));
document.getElementById('edit')?.addEventListener('click', openWords);
const captions = document.querySelector('track');
if (captions) new ClipCaptions(captions);
byId('report').addEventListener('click', openReport);
byId('sheet-close').addEventListener('click', () => dialog.close());
listenForShortcuts({
  m: () => player.toggleSound(),
  k: () => player.togglePause(),
  ' ': () => player.togglePause(),
});
showNowPlaying(document.querySelector('h1')?.textContent ?? document.title, player.video.poster);
void showMoment();
registerServiceWorker();
