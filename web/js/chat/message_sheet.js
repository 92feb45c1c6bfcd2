/**
 * The sheet of one message: the actions for the message and for its author. Reporting is a second
 * page of the sheet.
 */
import { element } from '../page/element.js';
import { icon } from '../page/icon.js';
import { t } from '../page/strings.js';
import { timeOfDay } from '../page/words.js';
import { reportForm } from './report_form.js';

/**
 * @typedef {import('./message_list.js').Entry} Entry
 * @typedef {'reply' | 'copy' | 'hide' | 'report' | 'remove' | 'mute_minute' | 'mute_ten' | 'ban_live'
 *   | 'ban_good' | 'pin' | 'unpin' | 'moderator'} SheetAction
 *
 * @typedef {object} Reader  what the reader may do
 * @property {boolean} moderates
 * @property {boolean} creates
 * @property {number | null} pinned  number of the pinned message
 */

const ICONS = Object.freeze({
  reply: 'reply',
  copy: 'copy',
  hide: 'hide',
  report: 'flag',
  remove: 'bin',
  mute_minute: 'clock',
  mute_ten: 'clock',
  ban_live: 'ban',
  ban_good: 'ban',
  pin: 'pin',
  unpin: 'pin',
  moderator: 'shield',
});
/** Actions whose buttons are side by side. @type {readonly SheetAction[]} */
const QUICK = ['reply', 'copy', 'pin', 'unpin'];
/**
 * Returns the actions for a message, in the order of the sheet. Pure.
 * @param {Entry} entry
 * @param {Reader} reader
 * @returns {SheetAction[]}
 */
export function actionsFor({ message, mine, state }, { moderates, creates, pinned }) {
  if (state === 'failed') return ['copy', 'remove'];
  /** @type {SheetAction[]} */
  const actions = ['reply', 'copy'];
  const protectedRole = message.person?.role === 'creator' || message.person?.role === 'moderator';
  if (moderates) {
    actions.push(message.n === pinned ? 'unpin' : 'pin', 'remove');
    if (!mine && (creates || !protectedRole))
      actions.push('mute_minute', 'mute_ten', 'ban_live', 'ban_good');
    if (creates && !mine && !protectedRole) actions.push('moderator');
  } else if (mine) actions.push('remove');
  if (!mine) actions.push('hide', 'report');
  return actions;
}

export class MessageSheet {
  #dialog;
  #act;
  #report;
  /** The message whose actions are shown. @type {Entry | null} */
  #entry = null;
  #listening = new AbortController();

  /**
   * @param {HTMLDialogElement} dialog
   * @param {{act: (action: SheetAction, entry: Entry) => void,
   *   report: (entry: Entry | null, reason: string, text: string) => void}} actions
   */
  constructor(dialog, { act, report }) {
    this.#dialog = dialog;
    this.#act = act;
    this.#report = report;
    const { signal } = this.#listening;
    // A tap outside the sheet closes the sheet.
    dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close(), {
      signal,
    });
    dialog.addEventListener('close', () => (this.#entry = null), { signal });
  }

  close() {
    this.#listening.abort();
    this.#dialog.close();
  }

  /**
   * @param {Entry} entry
   * @param {Reader} reader
   */
  open(entry, reader) {
    this.#entry = entry;
    const { message } = entry;
    const head = element('p', 'sheet-head');
    head.append(
      element('b', '', message.person?.name),
      element('time', '', timeOfDay(message.at)),
      element('span', '', message.text),
    );
    const quick = element('div', 'quick');
    /** @type {HTMLElement[]} */
    const rows = [];
    for (const action of actionsFor(entry, reader)) {
      const row = this.#rowOf(action, entry);
      if (QUICK.includes(action)) quick.append(row);
      else rows.push(row);
    }
    this.#fill(t('chat.sheet'), head, quick, ...rows, this.#closer());
  }

  /**
   * Updates the actions if the sheet is open. Call this when the page learns the reader's role, and
   * when the pinned message changes.
   * @param {Reader} reader
   */
  update(reader) {
    if (!this.#entry || !this.#dialog.open) return;
    const focused = this.#dialog.querySelector(':focus')?.getAttribute('data-action');
    this.open(this.#entry, reader);
    /** @type {HTMLElement | null} */
    const row = this.#dialog.querySelector(`[data-action="${focused}"]`);
    row?.focus();
  }

  /**
   * @param {SheetAction} action
   * @param {Entry} entry
   */
  #rowOf(action, entry) {
    const row = rowOf(t(`chat.action.${action}`), ICONS[action]);
    row.dataset.action = action;
    row.classList.toggle('danger', action.startsWith('ban') || action === 'remove');
    row.addEventListener('click', () => {
      if (action === 'report') return this.openReport(entry);
      this.#dialog.close();
      this.#act(action, entry);
    });
    return row;
  }

  /** @param {Entry | null} entry  the message to report; null to report the live */
  openReport(entry) {
    this.#entry = null;
    const heading = t(entry ? 'report.heading_message' : 'report.heading_room');
    const form = reportForm(heading, (reason, text) => {
      this.#dialog.close();
      this.#report(entry, reason, text);
    });
    this.#fill(t('report.send'), form, this.#closer());
  }

  #closer() {
    const row = rowOf(t('site.close'), 'close');
    row.dataset.action = 'close';
    row.addEventListener('click', () => this.#dialog.close());
    return row;
  }

  /**
   * @param {string} label
   * @param {...HTMLElement} content
   */
  #fill(label, ...content) {
    this.#dialog.setAttribute('aria-label', label);
    this.#dialog.replaceChildren(...content);
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

/**
 * @param {string} text
 * @param {string} name  name of the icon
 */
function rowOf(text, name) {
  const row = element('button', 'row');
  row.type = 'button';
  row.append(icon(name), text);
  return row;
}
