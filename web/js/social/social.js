/**
 * The social parts of a viewer's page: chat, hearts, polls and joins, clips, the creator's name, the
 * countdown, the reader's own name. These parts load after the first picture. `close` releases
 * everything.
 *
 * @typedef {object} SocialOptions
 * @property {string} room
 * @property {HTMLElement} stage  the room's element, with the parts of room.html
 * @property {(notice: object) => void} send
 * @property {() => number} mediaTime  media time of the picture on the screen, µs; NaN while
 *   unknown
 * @property {string} watch  URL of the room's page
 * @property {(text: string) => void} notice
 * @property {Identity} [identity]  the reader, if the page has several rooms
 * @property {HTMLDialogElement} [sheet]  the sheet of clip_sheet.html, if the page has several
 * @property {Readonly<import('../page/environment.js').Environment>} [environment]
 */
import { ClipsApi } from '../api/clips_api.js';
import { ClipSheet } from '../clipping/clip_sheet.js';
import { ModerationApi } from '../moderation/moderation_api.js';
import { byId, partOf } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { actionOf } from '../page/gesture_table.js';
import { icon } from '../page/icon.js';
import { t } from '../page/strings.js';
import { Identity } from '../people/identity.js';
import { Countdown } from './countdown.js';
import { CreatorLine } from './creator_line.js';
import { Keyboard } from './keyboard.js';
import { NameChip } from './name_chip.js';
import { SocialParts } from './social_parts.js';

export class Social {
  #stage;
  #parts;
  #countdown;
  #creator;
  #name;
  #keyboard;
  #clip;
  #clipButton;

  /** @param {SocialOptions} options */
  constructor({
    room,
    stage,
    send,
    mediaTime,
    watch,
    notice,
    identity = new Identity(),
    sheet = /** @type {HTMLDialogElement} */ (byId('clip-sheet')),
    environment = BROWSER,
  }) {
    this.#stage = stage;
    this.#parts = new SocialParts(
      {
        ...{ room, stage, identity, send, mediaTime, notice, environment },
        moderation: new ModerationApi(room),
      },
      {
        creator: (person) => this.#creator.show(person),
        written: () => this.#name.hide(),
        focus: () => void this.#name.show(),
      },
    );
    this.#name = new NameChip(this.#parts.root, identity, notice);
    this.#countdown = new Countdown(stage, mediaTime, environment);
    this.#creator = new CreatorLine(stage, identity, {
      changed: (follows) => (this.#parts.chat.follows = follows),
      notice,
    });
    this.#keyboard = new Keyboard(stage);
    this.#clip = new ClipSheet(sheet, {
      ...{ api: new ClipsApi(room), base: watch },
      ...{ mediaTime, notice, environment },
    });
    this.#clipButton = partOf(stage, 'clip');
    this.#clipButton.hidden = false; // the room sends its settings only if they are not the defaults
    this.#clipButton.addEventListener('click', () => actionOf('clip', 'tap') && this.clip());
    this.#fillMenu();
  }

  close() {
    this.#clip.close();
    this.#keyboard.close();
    this.#creator.close();
    this.#countdown.close();
    this.#name.close();
    this.#parts.close();
  }

  /**
   * Requests the data that the events do not contain: the person of the reader, and missed
   * messages. Call this whenever the connection opens.
   */
  load() {
    return this.#parts.load();
  }

  /** @param {any} event  an event of the room */
  receive(event) {
    if (event.type === 'countdown') return this.#countdown.set(event);
    if (event.type === 'chat_settings') this.#clipButton.hidden = event.clips === 'off';
    this.#parts.receive(event);
  }

  /**
   * Sends a heart of the viewer, and shows it at a place of the picture or above the button.
   * @param {{x: number, y: number}} [place]  px in the window
   */
  heart(place) {
    this.#parts.hearts.tap('heart', place);
  }

  /**
   * Shows only messages that were written at this moment of an instant replay, or earlier.
   * @param {number} mediaTime  µs; NaN shows all messages
   */
  replay(mediaTime) {
    this.#parts.chat.playhead = mediaTime;
  }

  /** Makes a clip of what the viewer sees, unless the creator has turned clips off. */
  clip() {
    if (!this.#clipButton.hidden) this.#clip.open();
  }

  toggleTray() {
    this.#parts.hearts.toggleTray();
  }

  #fillMenu() {
    const report = document.createElement('button');
    report.className = 'row';
    report.dataset.part = 'report-room';
    report.append(icon('flag'), t('report.heading_room'));
    report.addEventListener('click', () => this.#parts.chat.reportRoom());
    const me = document.createElement('a');
    me.className = 'row';
    me.href = '/me';
    me.append(icon('smile'), t('social.me'));
    partOf(this.#stage, 'menu-more').replaceChildren(report, me);
  }
}
