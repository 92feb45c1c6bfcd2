/**
 * What people do in a room, beside the picture: chat, hearts, polls, joins, the creator's name, the
 * countdown. It loads after the first picture. `close` releases everything.
 *
 * @typedef {object} SocialOptions
 * @property {string} room
 * @property {HTMLElement} stage  the room's element, with the parts of room.html
 * @property {string | null} [key]  the creator key, if the reader is the creator
 * @property {(notice: object) => void} [send]  without it, the reader sends no hearts
 * @property {() => number} mediaTime  of the picture on the screen, µs; NaN while unknown
 * @property {(text: string) => void} notice
 * @property {Readonly<import('../page/environment.js').Environment>} [environment]
 */
import { Chat } from '../chat/chat.js';
import { Hearts } from '../hearts/hearts.js';
import { ModerationApi } from '../moderation/moderation_api.js';
import { byId, partOf } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { icon } from '../page/icon.js';
import { t } from '../page/strings.js';
import { Identity } from '../people/identity.js';
import { PollCard } from '../polls/poll_card.js';
import { Countdown } from './countdown.js';
import { CreatorLine } from './creator_line.js';
import { Joins } from './joins.js';
import { Keyboard } from './keyboard.js';
import { NameChip } from './name_chip.js';

export class Social {
  #identity = new Identity();
  #root;
  #chat;
  #hearts;
  #poll;
  #joins;
  #creator;
  #countdown;
  #name;
  #keyboard;
  #stage;

  /** @param {SocialOptions} options */
  constructor({ room, stage, key = null, send, mediaTime, notice, environment = BROWSER }) {
    this.#stage = stage;
    this.#root = partOf(stage, 'social');
    const parts = /** @type {HTMLTemplateElement} */ (byId('social-parts'));
    this.#root.replaceChildren(parts.content.cloneNode(true));
    // Hearts and the last seconds float above the picture.
    stage.append(partOf(this.#root, 'hearts'), partOf(this.#root, 'last-seconds'));
    const identity = this.#identity;
    this.#name = new NameChip(this.#root, identity, notice);
    this.#chat = new Chat(
      this.#root,
      {
        ...{ room, identity, mediaTime, notice, environment, creates: key !== null },
        template: /** @type {HTMLTemplateElement} */ (byId('chat-message')),
        moderation: new ModerationApi(room, key),
        creator: (person) => this.#creator?.show(person),
        written: () => this.#name.hide(),
      },
      { focus: () => void this.#name.show() },
    );
    this.#hearts = new Hearts(stage, { send: send ?? (() => {}), mediaTime, environment });
    if (!send) for (const name of ['heart', 'emoji']) partOf(this.#root, name).hidden = true;
    this.#poll = new PollCard(this.#root, { room, notice, environment });
    this.#joins = new Joins(this.#root, environment);
    // The studio shows the time and the creator in its own way.
    this.#countdown = has(stage, 'ring') ? new Countdown(stage, mediaTime, environment) : null;
    this.#creator = has(stage, 'creator')
      ? new CreatorLine(stage, identity, {
          changed: (follows) => (this.#chat.follows = follows),
          notice,
        })
      : null;
    this.#keyboard = new Keyboard(stage);
    if (has(stage, 'menu-more')) this.#fillMenu();
    this.#root.dataset.ready = 'true';
  }

  close() {
    this.#keyboard.close();
    this.#creator?.close();
    this.#countdown?.close();
    this.#joins.close();
    this.#poll.close();
    this.#hearts.close();
    this.#chat.close();
    this.#name.close();
  }

  /** Asks for what the events do not say: who the reader is, and the last messages. */
  async load() {
    await this.#identity.load().catch(() => {}); // reading needs no person
    await this.#chat.load();
  }

  /** Asks for the messages that were missed. Call this when the connection is open again. */
  catchUp() {
    void this.#chat.load();
  }

  /** @param {any} event  of the room */
  receive(event) {
    switch (event.type) {
      case 'tally':
        return this.#hearts.receive(event);
      case 'poll':
        return this.#poll.show(event.poll);
      case 'joined':
        return this.#joins.show(event);
      case 'countdown':
        return this.#countdown?.set(event);
      case 'chat_settings':
        this.#joins.allowed = event.joins !== false;
        return this.#chat.receive(event);
      default:
        return this.#chat.receive(event);
    }
  }

  /**
   * A heart of the viewer, at a place of the picture or above the button.
   * @param {{x: number, y: number}} [place]  px in the window
   */
  heart(place) {
    this.#hearts.tap('heart', place);
  }

  toggleTray() {
    this.#hearts.toggleTray();
  }

  #fillMenu() {
    const report = document.createElement('button');
    report.className = 'row';
    report.dataset.part = 'report-room';
    report.append(icon('flag'), t('report.heading_room'));
    report.addEventListener('click', () => this.#chat.reportRoom());
    const me = document.createElement('a');
    me.className = 'row';
    me.href = '/me';
    me.append(icon('smile'), t('social.me'));
    partOf(this.#stage, 'menu-more').replaceChildren(report, me);
  }
}

/**
 * @param {HTMLElement} root
 * @param {string} name  of a part
 */
const has = (root, name) => root.querySelector(`[data-part="${name}"]`) !== null;
