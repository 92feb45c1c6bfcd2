/**
 * The card of a poll: the question, the answers with their shares of the votes, and the reader's
 * vote. After the end of the poll, the card shows the result for 10 s.
 */
import { partOf, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { pollView, shownFor } from './poll_state.js';
import { PollsApi } from './polls_api.js';

/** @typedef {import('./poll_state.js').Poll} Poll */

export class PollCard {
  #root;
  #api;
  #notice;
  #environment;
  /** @type {Poll | null} */
  #poll = null;
  /** @type {number | null} */
  #mine = null;
  #closedAt = 0;
  #timer = 0;
  /** Id of the poll whose elements the card contains. */
  #built = '';
  /** @type {HTMLButtonElement[]} */
  #buttons = [];
  #votes = element('p', 'votes');

  /**
   * @param {HTMLElement} root
   * @param {{room: string, notice: (text: string) => void,
   *   environment: Readonly<import('../page/environment.js').Environment>}} options
   */
  constructor(root, { room, notice, environment }) {
    this.#root = partOf(root, 'poll');
    this.#api = new PollsApi(room);
    this.#notice = notice;
    this.#environment = environment;
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
  }

  /** @param {Poll | null} poll */
  show(poll) {
    const known = this.#poll;
    if (poll?.id !== known?.id) {
      this.#mine = null;
      if (poll?.open) void this.#recall(poll.id);
    }
    const ended = poll && !poll.open && (known?.id !== poll.id || known.open);
    if (ended) this.#closedAt = this.#environment.date();
    // A poll that had ended before the reader came is not shown.
    this.#poll = ended && !known ? null : poll;
    this.#render();
  }

  #render() {
    this.#environment.clearTimeout(this.#timer);
    const poll = this.#poll;
    const left = shownFor(poll, this.#closedAt, this.#environment.date());
    this.#root.hidden = !left;
    if (!poll || !left) return;
    if (Number.isFinite(left))
      this.#timer = this.#environment.setTimeout(() => this.#render(), left);
    this.#root.dataset.open = String(poll.open);
    if (this.#built !== poll.id) this.#build(poll);
    const { total, answers } = pollView(poll, this.#mine);
    answers.forEach((answer, n) => this.#fill(this.#buttons[n], poll.open, answer));
    setText(this.#votes, t(poll.open ? 'poll.votes' : 'poll.result', { count: total }));
  }

  /**
   * Creates the elements of a poll, only once per poll: when a vote arrives, the button that the
   * reader is pressing must not be replaced.
   * @param {Poll} poll
   */
  #build(poll) {
    this.#built = poll.id;
    this.#buttons = poll.answers.map((text, n) => {
      const button = element('button', 'answer');
      button.type = 'button';
      button.append(element('span', '', text), element('b'));
      button.addEventListener('click', () => void this.#vote(n));
      return button;
    });
    const list = element('ul');
    for (const button of this.#buttons) {
      const item = element('li');
      item.append(button);
      list.append(item);
    }
    this.#root.replaceChildren(element('h2', '', poll.question), list, this.#votes);
  }

  /**
   * @param {HTMLButtonElement | undefined} button
   * @param {boolean} open
   * @param {import('./poll_state.js').PollAnswer} answer
   */
  #fill(button, open, { percent, best, chosen }) {
    if (!button) return;
    button.disabled = !open;
    button.classList.toggle('best', best);
    button.setAttribute('aria-pressed', String(chosen));
    const shown = this.#mine !== null || !open;
    button.style.setProperty('--share', shown ? `${percent}%` : '0%');
    const share = shown ? t('poll.percent', { percent: String(percent) }) : '';
    setText(/** @type {HTMLElement} */ (button.lastElementChild), share);
  }

  /**
   * Requests the reader's own vote: the reader may have voted before this page was loaded.
   * @param {string} id
   */
  async #recall(id) {
    try {
      const vote = await this.#api.ownVote();
      if (this.#poll?.id !== id || this.#mine !== null || vote === null) return;
      this.#mine = vote;
      this.#render();
    } catch {
      // Without an answer, the card does not show the reader's vote. The reader can vote again.
    }
  }

  /** @param {number} n */
  async #vote(n) {
    const poll = this.#poll;
    if (!poll?.open) return;
    const before = this.#mine;
    this.#mine = n;
    this.#render();
    try {
      await this.#api.vote(poll.id, n);
    } catch (error) {
      this.#mine = before;
      this.#render();
      this.#notice(/** @type {Error} */ (error).message);
    }
  }
}
