/**
 * Sends own messages to the server. While the server cannot store a message, the outbox sends the
 * message again a few times. After that, the reader can try again. A message that the server
 * refuses is removed from the list.
 *
 * @typedef {import('./message_list.js').Message} Message
 * @typedef {import('../api/request.js').ApiError} ApiError
 *
 * @typedef {object} OutboxListener
 * @property {() => void} changed  called when the list has changed
 * @property {(message: Message) => void} accepted  takes a message that the server has accepted and
 *   numbered
 * @property {(text: string, refusal: ApiError) => void} refused
 */

const MOST_ATTEMPTS = 3; // maximum number of attempts while the server cannot store a message

export class Outbox {
  #api;
  #list;
  #listener;
  #environment;
  /** Number of failed attempts to send a message, by its id. @type {Map<string, number>} */
  #attempts = new Map();
  /** Timers that send failed messages again. @type {Set<number>} */
  #waiting = new Set();
  #closed = false;

  /**
   * @param {Pick<import('./chat_api.js').ChatApi, 'write'>} api
   * @param {import('./message_list.js').MessageList} list
   * @param {OutboxListener} listener
   * @param {Pick<import('../page/environment.js').Environment, 'setTimeout' | 'clearTimeout'>}
   *   environment
   */
  constructor(api, list, listener, environment) {
    this.#api = api;
    this.#list = list;
    this.#listener = listener;
    this.#environment = environment;
  }

  /** Stops sending. Later answers of the server change nothing. */
  close() {
    this.#closed = true;
    for (const timer of this.#waiting) this.#environment.clearTimeout(timer);
  }

  /** @param {Message} message  an own message without a number */
  async send(message) {
    const { id, text, reply_to: replyTo, media_time: time } = message;
    this.#list.mark(id, 'sending');
    this.#listener.changed();
    try {
      const accepted = await this.#api.write({
        id,
        text,
        ...(replyTo ? { reply_to: replyTo.n } : {}),
        ...(time == null ? {} : { media_time: time }),
      });
      if (this.#closed) return;
      this.#list.acknowledge(id, accepted);
      this.#attempts.delete(id);
      this.#listener.accepted(accepted);
    } catch (error) {
      if (this.#closed) return;
      this.#failed(message, /** @type {ApiError} */ (error));
    }
    this.#listener.changed();
  }

  /**
   * @param {Message} message
   * @param {ApiError} error
   */
  #failed(message, error) {
    const { id, text } = message;
    const { status, retryAfter } = error;
    if (status === 503 && retryAfter && this.#mayTryAgain(id)) {
      const timer = this.#environment.setTimeout(() => {
        this.#waiting.delete(timer);
        void this.send(message);
      }, retryAfter * 1_000);
      this.#waiting.add(timer);
    } else if (status === 0 || status >= 500) this.#list.mark(id, 'failed');
    else {
      this.#list.discard(id);
      this.#listener.refused(text, error);
    }
  }

  /** @param {string} id */
  #mayTryAgain(id) {
    const attempts = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, attempts);
    return attempts < MOST_ATTEMPTS;
  }
}
