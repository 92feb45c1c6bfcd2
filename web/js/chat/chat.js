/**
 * The chat of a room: the messages, the field, the sheet of a message, the pinned message. Messages
 * arrive as events. The chat requests the last messages at the start, and the missed messages after
 * each interruption.
 */
import { partOf, setText } from '../page/dom.js';
import { actionOf } from '../page/gesture_table.js';
import { Gestures } from '../page/gestures.js';
import { t } from '../page/strings.js';
import { Announcer } from './announcer.js';
import { ChatApi, PAGE } from './chat_api.js';
import { ChatLog } from './chat_log.js';
import { Composer } from './composer.js';
import { MessageActions } from './message_actions.js';
import { MessageList } from './message_list.js';
import { MessageSheet } from './message_sheet.js';
import { lineOf } from './message_words.js';
import { Outbox } from './outbox.js';
import { PlayheadHold } from './playhead_hold.js';
import { Undo } from './undo.js';

/**
 * @typedef {import('./message_list.js').Message} Message
 * @typedef {import('./message_list.js').Entry} Entry
 * @typedef {import('../moderation/moderation_api.js').ModerationApi} ModerationApi
 *
 * @typedef {object} ChatOptions
 * @property {string} room
 * @property {HTMLTemplateElement} template  template of one message
 * @property {import('../people/identity.js').Identity} identity
 * @property {ModerationApi} moderation
 * @property {() => number} mediaTime  media time of the picture on the screen, µs; NaN while
 *   unknown
 * @property {(text: string) => void} notice
 * @property {(person: import('../people/people_api.js').Person | null) => void} [creator]  called
 *   with the creator of the room
 * @property {() => void} [written]  called when the server has accepted a message of the reader
 * @property {() => void} [focus]  called when the reader begins to write
 * @property {boolean} [creates]  whether the reader is the creator
 * @property {Readonly<import('../page/environment.js').Environment>} environment
 */

const MOST_PAGES = 4; // maximum number of requests for missed messages after an interruption

export class Chat {
  #options;
  #api;
  #list = new MessageList();
  #outbox;
  #log;
  #composer;
  #sheet;
  #hold;
  #announcer;
  #undo;
  #actions;
  #gestures;
  #pinned;
  /** @type {Message | null} */
  #pin = null;
  #role = '';
  #loaded = false;
  #rendering = 0;
  #forget;

  /**
   * @param {HTMLElement} root
   * @param {ChatOptions} options
   */
  constructor(root, options) {
    this.#options = options;
    const { room, environment, identity, mediaTime, template, focus = () => {} } = options;
    this.#api = new ChatApi(room);
    this.#log = new ChatLog(root, template, {
      open: (entry) => this.#open(entry),
      again: (entry) => void this.#outbox.send(entry.message),
    });
    this.#outbox = new Outbox(
      this.#api,
      this.#list,
      {
        changed: () => this.#render(),
        accepted: (message) => this.#accepted(message),
        refused: (text, refusal) => this.#refused(text, refusal),
      },
      environment,
    );
    this.#composer = new Composer(
      root,
      { submit: (text, replyTo) => this.#write(text, replyTo), focus },
      environment,
    );
    this.#sheet = new MessageSheet(partOf(root, 'sheet'), {
      act: (action, entry) => void this.#actions.act(action, entry, this.#moderates),
      report: (entry, reason, text) => void this.#actions.report(entry, reason, text),
    });
    this.#hold = new PlayheadHold(mediaTime, (messages) => this.#show(messages), environment);
    this.#announcer = new Announcer(
      (text) => setText(partOf(root, 'announcer'), text),
      environment,
    );
    this.#undo = new Undo(root, environment);
    this.#actions = new MessageActions({
      ...{ api: this.#api, moderation: options.moderation, identity },
      ...{ notice: options.notice, undo: this.#undo },
      reply: (message) => this.#composer.replyTo(message),
      discard: (id) => {
        this.#list.discard(id);
        this.#render();
      },
    });
    this.#pinned = partOf(root, 'pinned');
    this.#gestures = new Gestures(
      this.#log.element,
      {
        hold: (target) => {
          const entry = this.#log.entryOf(target);
          if (!entry?.message.person || actionOf('message', 'hold') !== 'sheet') return false;
          this.#open(entry);
        },
      },
      environment,
      'a, .again',
    );
    this.#list.hidden = (person) => identity.hides(person);
    this.#forget = identity.onChange(() => this.#identified());
    this.#identified();
  }

  close() {
    cancelAnimationFrame(this.#rendering);
    this.#outbox.close();
    this.#forget();
    this.#gestures.close();
    this.#undo.close();
    this.#announcer.close();
    this.#hold.close();
    this.#sheet.close();
    this.#composer.close();
    this.#log.close();
  }

  /** Requests the last messages, or the messages since the newest known message. */
  async load() {
    let after = this.#loaded ? this.#list.newest : undefined;
    try {
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const answer = await this.#api.history(after);
        this.#take(answer.role);
        this.#options.creator?.(answer.creator);
        this.#list.take(answer.messages.map(lineOf));
        this.#loaded = true;
        if (after === undefined || answer.messages.length < PAGE) break;
        after = answer.messages.at(-1)?.n;
      }
      this.#render();
    } catch (error) {
      const { code = '' } = /** @type {{code?: string}} */ (error);
      this.#composer.state.refused(code, 0, this.#options.environment.now());
      this.#composer.update();
    }
  }

  /** @param {any} event  an event of the room */
  receive(event) {
    switch (event.type) {
      case 'message':
        return this.#hold.add(lineOf(event.message), event.message.media_time);
      case 'system':
        return this.#hold.add(lineOf({ ...event, kind: 'system' }), event.media_time);
      case 'removed':
        this.#list.remove(event.messages);
        this.#hold.drop(
          ({ n, person }) => event.messages.includes(n) || isOf(person, event.person),
        );
        if (this.#pin && event.messages.includes(this.#pin.n)) this.#showPin(null);
        return this.#render();
      case 'restored':
        return this.#restore(event.messages);
      case 'pin':
        return this.#showPin(event.message && lineOf(event.message));
      case 'chat_settings':
        return this.#settle(event);
    }
  }

  /** Reports the live itself. */
  reportRoom() {
    this.#sheet.openReport(null);
  }

  /** @param {string} role  role of the reader in this room */
  #take(role) {
    if (!role) return;
    this.#role = role;
    this.#composer.state.moderates = this.#moderates;
    this.#composer.update();
    this.#sheet.update(this.#reader);
  }

  get #creates() {
    return this.#options.creates || this.#role === 'creator';
  }

  get #moderates() {
    return this.#creates || this.#role === 'moderator';
  }

  /** The rights of the reader. @returns {import('./message_sheet.js').Reader} */
  get #reader() {
    return {
      moderates: this.#moderates,
      creates: Boolean(this.#creates),
      pinned: this.#pin?.n ?? null,
    };
  }

  #identified() {
    const me = this.#options.identity.me?.person.id ?? '';
    this.#log.me = this.#list.me = me;
    this.#render();
  }

  /** @param {import('./composer_state.js').ChatSettings} settings */
  #settle(settings) {
    this.#composer.state.settings = settings;
    this.#composer.update();
    this.#log.links = Boolean(settings.links) && !settings.shield?.on;
    this.#render();
  }

  /**
   * The moment of an instant replay, µs; NaN at the live. Later messages are not shown.
   * @param {number} mediaTime
   */
  set playhead(mediaTime) {
    this.#list.playhead = mediaTime;
    this.#render();
  }

  /** Whether the reader follows the creator of the room. @param {boolean} follows */
  set follows(follows) {
    this.#composer.state.follows = follows;
    this.#composer.update();
  }

  /** @param {Message[]} messages */
  #show(messages) {
    this.#list.take(messages);
    const own = this.#options.identity.me?.person.id;
    for (const message of messages) {
      const { person, text } = message;
      if (!this.#list.isReached(message)) continue;
      if (person && person.id !== own && !this.#options.identity.hides(person.id))
        this.#announcer.add(t('chat.quote', { name: person.name, text }));
    }
    this.#render();
  }

  /** @param {(Message | number)[]} messages */
  #restore(messages) {
    this.#list.remove(
      messages.map((message) => (typeof message === 'number' ? message : message.n)),
      false,
    );
    this.#list.take(messages.filter((message) => typeof message !== 'number').map(lineOf));
    this.#render();
  }

  #render() {
    this.#rendering ||= requestAnimationFrame(() => {
      this.#rendering = 0;
      this.#log.show(this.#list.entries);
    });
  }

  /** @param {Message | null} message */
  #showPin(message) {
    this.#pin = message;
    this.#sheet.update(this.#reader);
    this.#pinned.hidden = !message;
    if (!message) return;
    const name = message.person?.name ?? '';
    setText(partOf(this.#pinned, 'pinned-text'), t('chat.quote', { name, text: message.text }));
  }

  /**
   * @param {string} text
   * @param {Message | null} replyTo
   */
  #write(text, replyTo) {
    const { identity, environment, mediaTime } = this.#options;
    const time = mediaTime();
    const person = identity.me?.person ?? { id: '', name: t('chat.you'), colour: 0, handle: null };
    /** @type {Message} */
    const message = {
      n: Infinity,
      id: crypto.randomUUID?.() ?? `${environment.date()}-${Math.random().toString(36).slice(2)}`,
      person: { ...person, role: this.#role },
      text: text.normalize('NFC'),
      at: environment.date(),
      media_time: Number.isFinite(time) && time >= 0 ? Math.round(time) : null,
      reply_to: replyTo && {
        n: replyTo.n,
        name: replyTo.person?.name ?? '',
        text: replyTo.text,
      },
      kind: 'chat',
    };
    this.#list.write(message);
    this.#log.follow();
    void this.#outbox.send(message);
  }

  /** @param {Message} message */
  #accepted({ person }) {
    this.#take(person?.role ?? '');
    this.#composer.state.accepted(this.#options.environment.now());
    this.#composer.update();
    this.#options.written?.();
  }

  /**
   * @param {string} text  text of the reader's own message
   * @param {import('../api/request.js').ApiError} refusal
   */
  #refused(text, { code, message, retryAfter }) {
    this.#composer.state.refused(code, retryAfter, this.#options.environment.now());
    this.#composer.restore(text);
    if (!retryAfter) this.#options.notice(message);
  }

  /** @param {Entry} entry */
  #open(entry) {
    this.#sheet.open(entry, this.#reader);
  }
}

/**
 * @param {Message['person']} author
 * @param {string | undefined} person  id
 */
function isOf(author, person) {
  return Boolean(person) && author?.id === person;
}
