/** Performs the actions in the sheet of a message, and offers to undo them. */
import { copy } from '../page/share.js';
import { t } from '../page/strings.js';

/**
 * @typedef {import('./message_list.js').Message} Message
 *
 * @typedef {object} MessageActionsOptions
 * @property {import('./chat_api.js').ChatApi} api
 * @property {import('../moderation/moderation_api.js').ModerationApi} moderation
 * @property {import('../people/identity.js').Identity} identity
 * @property {import('./undo.js').Undo} undo
 * @property {(text: string) => void} notice
 * @property {(message: Message) => void} reply
 * @property {(id: string) => void} discard  forgets an own message that was not accepted
 */

export class MessageActions {
  #options;

  /** @param {MessageActionsOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * @param {import('./message_sheet.js').SheetAction} action
   * @param {import('./message_list.js').Entry} entry
   * @param {boolean} moderates  whether the reader may also undo a removal
   */
  async act(action, { message, state }, moderates) {
    const { moderation, identity, reply, discard } = this.#options;
    const { n, person } = message;
    const id = person?.id ?? '';
    const done = (/** @type {string} */ key, /** @type {() => Promise<unknown>} */ undo) =>
      this.#offer(t(key, { name: person?.name ?? '' }), undo);
    switch (action) {
      case 'reply':
        return reply(message);
      case 'copy':
        return copy(message.text, t('chat.copied'));
      case 'remove':
        if (state === 'failed') return discard(message.id);
        if ((await this.#try(() => moderation.remove(n))) && moderates)
          done('chat.done.remove', () => moderation.restore(n));
        return;
      case 'hide':
        if (await this.#try(() => identity.hide(id)))
          done('chat.done.hide', () => identity.hide(id, false));
        return;
      case 'mute_minute':
      case 'mute_ten':
        if (await this.#try(() => moderation.mute(id, action === 'mute_ten' ? 600 : 60)))
          done('chat.done.mute', () => moderation.mute(id, 0));
        return;
      case 'ban_live':
      case 'ban_good':
        if (await this.#try(() => moderation.ban(id, action === 'ban_good' ? 'good' : 'live')))
          done('chat.done.ban', () => moderation.ban(id, 'none'));
        return;
      case 'moderator':
        if (await this.#try(() => moderation.setModerator(id, true)))
          done('chat.done.moderator', () => moderation.setModerator(id, false));
        return;
      case 'pin':
      case 'unpin':
        await this.#try(() => moderation.pin(action === 'pin' ? n : null));
    }
  }

  /**
   * @param {import('./message_list.js').Entry | null} entry  with the message to report; null
   *   reports the live itself
   * @param {string} reason
   * @param {string} text
   */
  async report(entry, reason, text) {
    const { api, notice } = this.#options;
    const target = entry ? { message: entry.message.n } : {};
    if (await this.#try(() => api.report({ ...target, reason, text }))) notice(t('report.sent'));
  }

  /**
   * @param {string} text
   * @param {() => Promise<unknown>} undo
   */
  #offer(text, undo) {
    this.#options.undo.offer(text, () => void this.#try(undo));
  }

  /**
   * @param {() => Promise<unknown>} work
   * @returns {Promise<boolean>} whether the server accepted the request
   */
  async #try(work) {
    try {
      await work();
      return true;
    } catch (error) {
      this.#options.notice(/** @type {Error} */ (error).message);
      return false;
    }
  }
}
