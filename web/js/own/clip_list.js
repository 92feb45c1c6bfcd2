/**
 * The list of the clips of a live, for its creator: who made each clip, and buttons that approve,
 * change and delete the clip. A deleted clip can be restored for ten seconds. `close` releases
 * everything.
 */
import { element } from '../page/element.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';
import { rowOf } from '../people/rows.js';
import { wordsForm } from './words_form.js';

/**
 * @typedef {import('../api/clips_api.js').Clip} Clip
 * @typedef {Pick<import('../api/clips_api.js').ClipsApi,
 *   'list' | 'approve' | 'change' | 'delete' | 'restore'>} Api
 */

const RESTORABLE_FOR = 10_000; // ms; the server allows an undo for the same time

export class ClipList {
  #list;
  #empty;
  #api;
  #failed;
  #environment;
  /** The clips that can be restored, with the timers that remove them. @type {Map<string, number>} */
  #deleted = new Map();
  /** @type {Clip[]} */
  #clips = [];
  /** Id of the clip whose words the creator changes. */
  #changing = '';
  #closed = false;

  /**
   * @param {HTMLElement} list   gets the rows
   * @param {HTMLElement} empty  shown if there are no clips
   * @param {Api} api
   * @param {(error: unknown) => void} failed  null: the creator tries something else
   * @param {Pick<import('../page/environment.js').Environment, 'setTimeout' | 'clearTimeout'>}
   *   [environment]
   */
  constructor(list, empty, api, failed, environment = BROWSER) {
    this.#list = list;
    this.#empty = empty;
    this.#api = api;
    this.#failed = failed;
    this.#environment = environment;
  }

  /** Whether there are clips to show. */
  get filled() {
    return this.#clips.length > 0;
  }

  async load() {
    try {
      const clips = await this.#api.list();
      // The server no longer lists a deleted clip.
      const gone = this.#clips.filter(({ id }) => this.#deleted.has(id));
      this.#clips = [...clips, ...gone].sort((a, b) => b.created_at - a.created_at);
    } catch (error) {
      this.#failed(error);
    }
    this.#show();
  }

  close() {
    this.#closed = true;
    for (const timer of this.#deleted.values()) this.#environment.clearTimeout(timer);
    this.#deleted.clear();
  }

  #show() {
    if (this.#closed) return;
    this.#list.replaceChildren(...this.#clips.map((clip) => this.#rowOf(clip)));
    this.#empty.hidden = this.filled;
  }

  /** @param {Clip} clip */
  #rowOf(clip) {
    const title = clip.title || t('own.clips.untitled');
    if (this.#deleted.has(clip.id)) {
      const lines = [t('own.clips.deleted')];
      const undo = this.#button(t('own.clips.undo'), () => this.#restore(clip));
      return rowOf({ title, lines, buttons: [undo], failed: this.#failed });
    }
    if (clip.id === this.#changing) return this.#formOf(clip);
    const waiting = clip.state === 'waiting';
    const approve = this.#button(t('own.clips.approve'), () => this.#approve(clip));
    return rowOf({
      title,
      href: `/c/${clip.id}`,
      apart: true, // the studio must stay open: it publishes the live
      ...(clip.poster && { picture: clip.poster }),
      lines: [
        `${clockTime(Math.round(clip.duration))} · ${makerOf(clip)}`,
        waiting ? t('own.clips.waits') : '',
      ],
      buttons: [
        ...(waiting ? [approve] : []),
        this.#button(t('own.clips.edit'), () => this.#change(clip)),
        this.#button(t('own.clips.delete'), () => this.#delete(clip)),
      ],
      failed: this.#failed,
    });
  }

  /** @param {Clip} clip */
  #formOf(clip) {
    const row = element('li', 'clip-words');
    const end = () => {
      this.#changing = '';
      this.#show();
      this.#focus(clip.id);
    };
    const save = async (/** @type {import('./words_form.js').Words} */ words) => {
      Object.assign(clip, await this.#api.change(clip.id, words));
      end();
    };
    row.append(wordsForm(clip, save, end));
    return row;
  }

  /**
   * @param {string} label
   * @param {() => Promise<void>} act
   */
  #button(label, act) {
    const press = () => {
      this.#failed(null);
      return act();
    };
    return { label, press };
  }

  /** @param {Clip} clip */
  async #change({ id }) {
    this.#changing = id;
    this.#show();
    const n = this.#clips.findIndex((clip) => clip.id === id);
    this.#list.children[n]?.querySelector('input')?.focus();
  }

  /** @param {Clip} clip */
  async #approve({ id }) {
    await this.#api.approve(id);
    await this.load();
    this.#focus(id);
  }

  /** @param {Clip} clip */
  async #delete({ id }) {
    await this.#api.delete(id);
    const timer = this.#environment.setTimeout(() => this.#forget(id), RESTORABLE_FOR);
    this.#deleted.set(id, timer);
    this.#show();
    this.#focus(id);
  }

  /** @param {Clip} clip */
  async #restore({ id }) {
    await this.#api.restore(id);
    this.#environment.clearTimeout(this.#deleted.get(id) ?? 0);
    this.#deleted.delete(id);
    await this.load();
    this.#focus(id);
  }

  /** Focuses the row of a clip, because the button that had the focus is gone. @param {string} id */
  #focus(id) {
    const n = this.#clips.findIndex((clip) => clip.id === id);
    this.#list.children[n]?.querySelector('button')?.focus();
  }

  /** @param {string} id */
  #forget(id) {
    this.#deleted.delete(id);
    this.#clips = this.#clips.filter((clip) => clip.id !== id);
    this.#show();
  }
}

/** @param {Clip} clip */
function makerOf({ source, person, mine }) {
  if (source === 'highlight') return t('own.clips.highlight');
  return person && !mine ? t('own.clips.by', { name: person.name }) : t('own.clips.by_you');
}
