/**
 * The field in which the reader writes a message. Enter sends the message, except while an input
 * method composes a syllable. After a refusal, the text stays in the field, and a countdown shows
 * when the reader may send it.
 */
import { partOf, setText } from '../page/dom.js';
import { hasText, t } from '../page/strings.js';
import { ComposerState, measure } from './composer_state.js';

/** @typedef {import('./message_list.js').Message} Message */

const COUNT_EVERY = 500; // ms

export class Composer {
  state = new ComposerState();
  /** @type {HTMLTextAreaElement} */
  #text;
  /** @type {HTMLButtonElement} */
  #send;
  #note;
  #context;
  #contextText;
  #submit;
  #environment;
  #timer = 0;
  #composing = false;
  /** @type {Message | null} */
  #replyTo = null;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {{submit: (text: string, replyTo: Message | null) => void, focus: () => void}} actions
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(root, { submit, focus }, environment) {
    this.#text = partOf(root, 'text');
    this.#send = partOf(root, 'send');
    this.#note = partOf(root, 'composer-note');
    this.#context = partOf(root, 'context');
    this.#contextText = partOf(root, 'context-text');
    this.#submit = submit;
    this.#environment = environment;
    const { signal } = this.#listening;
    const on = (
      /** @type {EventTarget} */ target,
      /** @type {string} */ type,
      /** @type {(event: any) => void} */ listener,
    ) => target.addEventListener(type, listener, { signal });
    on(partOf(root, 'composer'), 'submit', (event) => {
      event.preventDefault();
      this.#go();
    });
    on(this.#text, 'compositionstart', () => (this.#composing = true));
    on(this.#text, 'compositionend', () => (this.#composing = false));
    on(this.#text, 'keydown', (event) => this.#pressed(event));
    on(this.#text, 'input', () => this.update());
    on(this.#text, 'focus', focus);
    on(partOf(root, 'context-close'), 'click', () => this.replyTo(null));
    this.update();
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
    this.#listening.abort();
  }

  get text() {
    return this.#text.value;
  }

  /**
   * Puts a text that the server has refused back into the field, unless the field already has
   * another text.
   * @param {string} text
   */
  restore(text) {
    if (!this.#text.value) this.#text.value = text;
    this.update();
  }

  /**
   * Makes the next message a reply to `message`, or no reply if `message` is null.
   * @param {Message | null} message
   */
  replyTo(message) {
    this.#replyTo = message;
    this.#context.hidden = !message;
    if (message) {
      const name = message.person?.name ?? '';
      setText(this.#contextText, t('chat.replying', { name, text: message.text }));
      this.#text.focus();
    }
  }

  /** Shows whether the reader may write. Call this after each change of `state`. */
  update() {
    this.#environment.clearTimeout(this.#timer);
    const { phase, seconds, why } = this.state.read(this.#environment.now());
    const { fits, left } = measure(this.#text.value);
    const shut = phase === 'off' || phase === 'followers' || phase === 'banned';
    this.#text.disabled = shut;
    this.#text.placeholder = shut ? t(`chat.phase.${phase}`) : t('chat.write');
    this.#send.hidden = !this.#text.value.trim();
    this.#send.disabled = phase === 'waiting' || shut || !fits;
    setText(this.#note, this.#noteOf(phase, seconds, why, left));
    if (phase === 'waiting')
      this.#timer = this.#environment.setTimeout(() => this.update(), COUNT_EVERY);
  }

  /**
   * @param {import('./composer_state.js').Phase} phase
   * @param {number} seconds
   * @param {string} why
   * @param {number | null} left
   */
  #noteOf(phase, seconds, why, left) {
    if (phase === 'waiting') {
      const key = `chat.wait.${why}`;
      return t(hasText(key) ? key : 'chat.wait.other', { seconds: String(seconds) });
    }
    if (left === null) return '';
    return left < 0 ? t('chat.too_long') : t('chat.left', { left: String(left) });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key === 'Escape' && this.#replyTo) return this.replyTo(null);
    if (event.key !== 'Enter' || event.shiftKey) return;
    // Safari reports the key that ended a composition only after the composition has ended, with
    // keyCode 229.
    if (this.#composing || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#go();
  }

  #go() {
    const text = this.#text.value.trim();
    const { phase } = this.state.read(this.#environment.now());
    if (!text || this.#send.disabled || phase !== 'open') return;
    const replyTo = this.#replyTo;
    this.#text.value = '';
    this.replyTo(null);
    this.update();
    this.#submit(text, replyTo);
  }
}
