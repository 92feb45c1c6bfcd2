/**
 * The parts of the studio that a live creator needs in addition to the broadcast: the people in the
 * room, the tools of moderation, polls, the countdown and the link. `close` releases everything.
 */
import { byId, toast } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { ClipsApi } from '../api/clips_api.js';
import { LiveApi } from '../api/live_api.js';
import { ModerationApi } from '../moderation/moderation_api.js';
import { SocialParts } from '../social/social_parts.js';
import { Countdown } from './countdown.js';
import { CreatorEvents } from './creator_events.js';
import { MomentCard } from './moment_card.js';
import { PollSheet } from './poll_sheet.js';
import { SettingsSheet } from './settings_sheet.js';
import { ShareSheet } from './share_sheet.js';
import { ShieldButton } from './shield_button.js';

/** @typedef {import('./on_air.js').MyRoom} MyRoom */

export class CreatorRoom {
  #countdown;
  #moment;
  #poll;
  #shield;
  #settings;
  #share;
  #events;
  #social;
  #move;

  /**
   * @param {MyRoom} room
   * @param {import('../people/identity.js').Identity} identity
   * @param {() => void} move  the server asks the creator to publish to another server
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(room, identity, move, environment = BROWSER) {
    this.#move = move;
    const live = new LiveApi(room.room, room.key);
    const moderation = new ModerationApi(room.room, room.key);
    this.#countdown = new Countdown(live, environment);
    const clips = new ClipsApi(room.room, room.key);
    this.#moment = new MomentCard(clips, environment);
    this.#poll = new PollSheet(live);
    this.#shield = new ShieldButton(moderation, environment);
    this.#share = new ShareSheet(room, live);
    this.#settings = new SettingsSheet(moderation, clips, (visibility) => {
      this.#share.visibility = visibility;
    });
    this.#share.visibility = this.#settings.visibility = room.visibility;
    byId('invite-card').hidden = false;
    this.#events = new CreatorEvents(
      room.room,
      { open: () => void this.#social.load(), event: (event) => this.#handle(event) },
      environment,
    );
    this.#social = new SocialParts(
      {
        ...{ room: room.room, identity, moderation, environment, notice: toast },
        stage: /** @type {HTMLElement} */ (document.querySelector('main')),
        send: (notice) => this.#events.send(notice),
        mediaTime: () => this.#events.mediaTime,
      },
      { creates: true },
    );
  }

  close() {
    this.#events.close();
    this.#social.close();
    this.#countdown.close();
    this.#moment.close();
    this.#poll.close();
    this.#shield.close();
    this.#share.close();
    this.#settings.close();
  }

  /** @param {import('../api/live_api.js').Moment | null} moment  the best moment so far */
  offer(moment) {
    this.#moment.handle(moment);
  }

  /** @param {any} event */
  #handle(event) {
    if (!event) return;
    if (event.type === 'move') return this.#move();
    this.#social.receive(event);
    if (event.type === 'countdown') this.#countdown.handle(event);
    else if (event.type === 'room') byId('invite-card').hidden ||= event.viewers > 0;
    else if (event.type === 'poll') this.#poll.handle(event.poll);
    else if (event.type === 'chat_settings') {
      this.#shield.handle(event);
      this.#settings.handle(event);
    }
  }
}
