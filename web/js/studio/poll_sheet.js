/** Asks a question with two to four answers, shows the votes, and closes the poll. */
import { byId, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { percentages } from '../polls/percentages.js';

/** @typedef {import('../api/live_api.js').Poll} Poll */

export class PollSheet {
  #api;
  #dialog = /** @type {HTMLDialogElement} */ (byId('poll-dialog'));
  #form = /** @type {HTMLFormElement} */ (byId('poll-form'));
  #question = /** @type {HTMLInputElement} */ (byId('poll-question'));
  #answers = /** @type {HTMLInputElement[]} */ ([
    ...byId('poll-answers').querySelectorAll('input'),
  ]);
  /** @type {Poll | null} */
  #poll = null;
  #listening = new AbortController();

  /** @param {Pick<import('../api/live_api.js').LiveApi, 'ask' | 'closePoll'>} api */
  constructor(api) {
    this.#api = api;
    const { signal } = this.#listening;
    byId('poll').addEventListener('click', () => this.#open(), { signal });
    byId('poll-close').addEventListener('click', () => this.#attempt(() => this.#end()), {
      signal,
    });
    this.#form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        void this.#attempt(() => this.#ask());
      },
      { signal },
    );
    for (const input of this.#answers)
      input.addEventListener('input', () => this.#showFields(), { signal });
    this.#show();
  }

  /** @param {Poll | null} poll */
  handle(poll) {
    this.#poll = poll?.open ? poll : null;
    this.#show();
  }

  close() {
    this.#listening.abort();
    this.#dialog.close();
    this.handle(null);
  }

  #open() {
    this.#show();
    this.#dialog.showModal();
    if (!this.#poll) this.#question.focus();
  }

  #show() {
    const poll = this.#poll;
    byId('poll').setAttribute('aria-pressed', String(Boolean(poll)));
    this.#form.hidden = Boolean(poll);
    byId('poll-running').hidden = !poll;
    if (!poll) return this.#showFields();
    const shares = percentages(poll.votes);
    setText(byId('poll-asked'), poll.question);
    byId('poll-votes').replaceChildren(
      ...poll.answers.map((answer, n) => barOf(answer, poll.votes[n] ?? 0, shares[n] ?? 0)),
    );
  }

  /** Shows the fields with answers and one empty field: at least two and at most four fields. */
  #showFields() {
    const filled = this.#answers.filter(({ value }) => value.trim()).length;
    this.#answers.forEach((input, n) => {
      const label = /** @type {HTMLElement} */ (input.closest('label'));
      label.hidden = n >= Math.max(2, filled + 1) && !input.value;
    });
  }

  async #ask() {
    const answers = this.#answers.map(({ value }) => value.trim()).filter(Boolean);
    this.#poll = await this.#api.ask(this.#question.value.trim(), answers);
    this.#form.reset();
    this.#show();
    this.#dialog.close();
  }

  async #end() {
    if (this.#poll) await this.#api.closePoll(this.#poll.id);
    this.handle(null);
    this.#dialog.close();
  }

  /** @param {() => Promise<void>} action */
  async #attempt(action) {
    setText(byId('poll-error'), '');
    try {
      await action();
    } catch (error) {
      setText(byId('poll-error'), /** @type {Error} */ (error).message);
    }
  }
}

/**
 * @param {string} answer
 * @param {number} votes
 * @param {number} share  percent
 */
export function barOf(answer, votes, share) {
  const row = element('li', 'bar-row');
  row.style.setProperty('--share', `${share}%`);
  const count = t('studio.poll.votes', { count: votes, share });
  row.append(element('bdi', '', answer), element('span', '', count));
  return row;
}
