/**
 * The social parts that every page with a room shows: chat, hearts, polls and joins. The elements
 * come from the template `social-parts` of room_social.html. `close` releases everything.
 *
 * @typedef {object} SocialPartsOptions
 * @property {string} room
 * @property {HTMLElement} stage  contains the part `social`; hearts float above it
 * @property {import('../people/identity.js').Identity} identity
 * @property {import('../moderation/moderation_api.js').ModerationApi} moderation
 * @property {(notice: object) => void} send
 * @property {() => number} mediaTime  media time of the picture on the screen, µs; NaN while
 *   unknown
 * @property {(text: string) => void} notice
 * @property {Readonly<import('../page/environment.js').Environment>} environment
 *
 * @typedef {Pick<import('../chat/chat.js').ChatOptions, 'creates' | 'creator' | 'written' | 'focus'>}
 *   ChatExtras
 */
import { Chat } from '../chat/chat.js';
import { Hearts } from '../hearts/hearts.js';
import { byId, partOf } from '../page/dom.js';
import { PollCard } from '../polls/poll_card.js';
import { Joins } from './joins.js';

const FLOATING = ['hearts', 'last-seconds'];

export class SocialParts {
  chat;
  hearts;
  #root;
  #floating;
  #identity;
  #poll;
  #joins;

  /**
   * @param {SocialPartsOptions} options
   * @param {ChatExtras} [extras]
   */
  constructor({ stage, send, ...shared }, extras = {}) {
    const { room, identity, mediaTime, notice, environment } = shared;
    this.#identity = identity;
    this.#root = partOf(stage, 'social');
    const parts = /** @type {HTMLTemplateElement} */ (byId('social-parts'));
    this.#root.replaceChildren(parts.content.cloneNode(true));
    this.#floating = FLOATING.map((name) => partOf(this.#root, name));
    stage.append(...this.#floating);
    this.chat = new Chat(this.#root, {
      template: /** @type {HTMLTemplateElement} */ (byId('chat-message')),
      ...shared,
      ...extras,
    });
    this.hearts = new Hearts(stage, { send, mediaTime, environment });
    this.#poll = new PollCard(this.#root, { room, notice, environment });
    this.#joins = new Joins(this.#root, environment);
    this.#root.dataset.ready = 'true';
  }

  /** The element that contains the parts. */
  get root() {
    return this.#root;
  }

  close() {
    this.chat.close();
    this.hearts.close();
    this.#poll.close();
    this.#joins.close();
    for (const element of this.#floating) element.remove();
    this.#root.replaceChildren();
    delete this.#root.dataset.ready;
  }

  /**
   * Requests the data that the events do not contain: the person of the reader, and missed
   * messages. Call this whenever the connection opens.
   */
  async load() {
    await this.#identity.load().catch(() => {}); // the chat can be read even if this request fails
    await this.chat.load();
  }

  /** @param {any} event  an event of the room */
  receive(event) {
    switch (event.type) {
      case 'tally':
        return this.hearts.receive(event);
      case 'poll':
        return this.#poll.show(event.poll);
      case 'joined':
        return this.#joins.show(event);
      case 'chat_settings':
        this.#joins.allowed = event.joins !== false;
    }
    this.chat.receive(event);
  }
}
