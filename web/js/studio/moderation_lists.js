/**
 * The lists of moderation in the settings: messages that wait for a decision, reports, people with a
 * role or a sanction, and the log. A folded list loads when it is opened.
 */
import { byId, setText } from '../page/dom.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { dateOf, timeOfDay } from '../page/words.js';
import { rowOf } from '../people/rows.js';

/**
 * @typedef {import('../moderation/moderation_api.js').ModerationApi} ModerationApi
 * @typedef {import('../moderation/moderation_api.js').RoomReport} RoomReport
 * @typedef {import('../moderation/moderation_api.js').LogEntry} LogEntry
 * @typedef {import('../people/rows.js').RowButton} RowButton
 * @typedef {'removed' | 'muted' | 'banned' | 'dismissed'} Decision
 */

const EVERY = 15_000; // ms between two counts of the waiting entries

export class ModerationLists {
  /** Whether clips wait for the creator's approval. */
  approvesClips = false;
  #api;
  #clips;
  #failed;
  #lists;
  #environment;
  #ticker;
  #listening = new AbortController();

  /**
   * @param {ModerationApi} api
   * @param {Pick<import('../api/clips_api.js').ClipsApi, 'list'>} clips
   * @param {(error: unknown) => void} failed
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(api, clips, failed, environment = BROWSER) {
    this.#api = api;
    this.#clips = clips;
    this.#environment = environment;
    this.#ticker = environment.setInterval(() => void this.#count(), EVERY);
    this.#failed = failed;
    this.#lists = {
      held: () => this.#held(),
      reports: () => this.#reports(),
      people: () => this.#people(),
      log: () => this.#log(),
    };
    for (const [name, load] of Object.entries(this.#lists)) {
      byId(`${name}-group`).addEventListener('toggle', () => this.#loadIfOpen(name, load), {
        signal: this.#listening.signal,
      });
    }
  }

  /** Loads the lists that are open, and counts the entries that wait. */
  refresh() {
    for (const [name, load] of Object.entries(this.#lists)) void this.#loadIfOpen(name, load);
    void this.#count();
  }

  close() {
    this.#listening.abort();
    this.#environment.clearInterval(this.#ticker);
  }

  /**
   * @param {string} name
   * @param {() => Promise<HTMLElement[]>} load
   */
  async #loadIfOpen(name, load) {
    if (!(/** @type {HTMLDetailsElement} */ (byId(`${name}-group`)).open)) return;
    try {
      const rows = await load();
      byId(`${name}-list`).replaceChildren(...rows);
      byId(`${name}-empty`).hidden = rows.length > 0;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Shows the numbers of waiting entries, on the lists and on the settings button. */
  async #count() {
    try {
      const [held, reports, clips] = await Promise.all([
        this.#api.held(),
        this.#api.reports(),
        this.approvesClips ? this.#clips.list() : [],
      ]);
      const open = reports.filter(({ state }) => state === 'open').length;
      const waiting = clips.filter(({ state }) => state === 'waiting').length;
      showCount('held', held.length);
      showCount('reports', open);
      showCount('clips', waiting);
      const badge = byId('waiting-count');
      badge.hidden = !(held.length + open + waiting);
      setText(badge, String(held.length + open + waiting));
    } catch {
      // The next count may succeed.
    }
  }

  async #held() {
    const held = await this.#api.held();
    return held.map(({ n, person, text, reason, matched }) =>
      this.#rowOf(
        t('chat.quote', { name: person.name, text }),
        [t(`studio.held.${reason}`, { matched })],
        [
          {
            label: t('studio.held.show'),
            press: () => this.#then(this.#api.decideHeld(n, true)),
          },
          {
            label: t('studio.held.reject'),
            press: () => this.#then(this.#api.decideHeld(n, false)),
          },
        ],
      ),
    );
  }

  async #reports() {
    const reports = await this.#api.reports();
    return reports.map((report) => {
      const { kind, person, reason, message, text, decision, answer } = report;
      return this.#rowOf(
        t(`studio.reports.${kind}`, { name: person?.name ?? '' }),
        [
          t(`report.reason.${reason}`),
          message?.text ?? '',
          text,
          decision ? t(`studio.reports.${decision}`) : '',
          answer ? t('report.answer', { answer }) : '',
        ],
        decision ? [] : this.#decisions(report),
      );
    });
  }

  /**
   * @param {RoomReport} report
   * @returns {RowButton[]}
   */
  #decisions({ id, message, person }) {
    /** @type {Partial<Record<Decision, () => Promise<unknown>>>} */
    const acts = {
      ...(message && { removed: () => this.#api.remove(message.n) }),
      ...(person && { muted: () => this.#api.mute(person.id, 600) }),
      ...(person && { banned: () => this.#api.ban(person.id, 'live') }),
      dismissed: async () => {},
    };
    return Object.entries(acts).map(([decision, act]) => ({
      label: t(`studio.reports.do.${decision}`),
      press: async () => {
        await act();
        await this.#then(this.#api.decide(id, /** @type {Decision} */ (decision)));
      },
    }));
  }

  async #people() {
    const [moderators, mutes, bans] = await Promise.all([
      this.#api.moderators(),
      this.#api.mutes(),
      this.#api.bans(),
    ]);
    return [
      ...moderators.map((person) =>
        this.#rowOf(
          person.name,
          [t('studio.people.moderator')],
          [
            {
              label: t('studio.people.remove_moderator'),
              press: () => this.#then(this.#api.setModerator(person.id, false)),
            },
          ],
        ),
      ),
      ...mutes.map(({ person, until }) =>
        this.#rowOf(
          person.name,
          [t('studio.people.muted', { time: timeOfDay(until * 1_000) })],
          [
            {
              label: t('studio.people.unmute'),
              press: () => this.#then(this.#api.mute(person.id, 0)),
            },
          ],
        ),
      ),
      ...bans.map(({ person, for_good }) =>
        this.#rowOf(
          person.name,
          [t(for_good ? 'studio.people.banned' : 'studio.people.banned_live')],
          [
            {
              label: t('studio.people.unban'),
              press: () => this.#then(this.#api.ban(person.id, 'none')),
            },
          ],
        ),
      ),
    ];
  }

  async #log() {
    const entries = await this.#api.log();
    return entries.map(({ at, moderator, action, person }) =>
      this.#rowOf(
        t(`studio.log.${action}`, { name: person?.name || t('chat.deleted_person') }),
        [[dateOf(at * 1_000), moderator?.name ?? t('chat.role.creator')].join(' · ')],
        [],
      ),
    );
  }

  /** Loads the lists again after a change. @param {Promise<unknown>} change */
  async #then(change) {
    await change;
    this.refresh();
  }

  /**
   * @param {string} title
   * @param {string[]} lines
   * @param {RowButton[]} buttons
   */
  #rowOf(title, lines, buttons) {
    return rowOf({ title, lines, buttons, failed: this.#failed });
  }
}

/**
 * Shows next to a list's title the number of waiting entries.
 * @param {'held' | 'reports' | 'clips'} name
 * @param {number} count
 */
function showCount(name, count) {
  const badge = byId(`${name}-number`);
  badge.hidden = !count;
  setText(badge, String(count));
}
