/**
 * Chat, hearts, joins and the votes of a poll over the creator's preview. The creator moderates with
 * a long press on a message. `close` releases everything.
 */
import { Chat } from '../chat/chat.js';
import { Hearts } from '../hearts/hearts.js';
import { byId, toast } from '../page/dom.js';
import { PollCard } from '../polls/poll_card.js';
import { Joins } from '../social/joins.js';

/**
 * @typedef {object} CreatorSocialOptions
 * @property {string} room
 * @property {import('../people/identity.js').Identity} identity
 * @property {import('../moderation/moderation_api.js').ModerationApi} moderation
 * @property {(notice: object) => void} send
 * @property {() => number} mediaTime  of the live edge, µs; NaN while unknown
 * @property {import('../page/environment.js').Environment} environment
 */

export class CreatorSocial {
  #root = byId('social');
  #identity;
  #chat;
  #hearts;
  #joins;
  #poll;
  #canvas;

  /** @param {CreatorSocialOptions} options */
  constructor({ room, identity, moderation, send, mediaTime, environment }) {
    this.#identity = identity;
    const parts = /** @type {HTMLTemplateElement} */ (byId('social-parts'));
    this.#root.replaceChildren(parts.content.cloneNode(true));
    this.#root.querySelector('[data-part="last-seconds"]')?.remove(); // the bar has a countdown
    // Hearts float above the preview.
    const stage = /** @type {HTMLElement} */ (this.#root.closest('main'));
    this.#canvas = /** @type {HTMLElement} */ (this.#root.querySelector('[data-part="hearts"]'));
    stage.append(this.#canvas);
    this.#chat = new Chat(
      this.#root,
      {
        ...{ room, identity, moderation, mediaTime, environment, notice: toast, creates: true },
        template: /** @type {HTMLTemplateElement} */ (byId('chat-message')),
      },
      { focus() {} },
    );
    this.#hearts = new Hearts(stage, { send, mediaTime, environment });
    this.#joins = new Joins(this.#root, environment);
    this.#poll = new PollCard(this.#root, { room, notice: toast, environment });
    this.#root.dataset.ready = 'true';
  }

  /** Asks for the last messages. Call this whenever the connection opens. */
  async load() {
    await this.#identity.load().catch(() => {}); // reading needs no person
    await this.#chat.load();
  }

  /** @param {any} event  of the room */
  receive(event) {
    if (event.type === 'tally') this.#hearts.receive(event);
    else if (event.type === 'joined') this.#joins.show(event);
    else if (event.type === 'poll') this.#poll.show(event.poll);
    else {
      if (event.type === 'chat_settings') this.#joins.allowed = event.joins !== false;
      this.#chat.receive(event);
    }
  }

  close() {
    this.#chat.close();
    this.#hearts.close();
    this.#joins.close();
    this.#poll.close();
    this.#canvas.remove();
    this.#root.replaceChildren();
    delete this.#root.dataset.ready;
  }
}
