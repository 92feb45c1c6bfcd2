/** The health light of a room, and the figures that appear after a tap on the light. */
import { byId, setText } from '../page/dom.js';
import { t } from '../page/strings.js';
import { Health, findingText } from '../publish/health.js';
import { audienceLine, figures, sentLine } from './health_figures.js';

/** @typedef {import('../publish/health.js').Situation} Situation */

export class HealthPanel {
  #button = byId('health');
  #details = byId('health-details');
  #lists = {
    seen: byId('details-seen'),
    sent: byId('details-sent'),
    received: byId('details-received'),
  };
  #health = new Health();
  /** @type {Situation} */
  #situation = {
    live: false,
    cameraLost: false,
    paused: false,
    sample: null,
    ingest: null,
    audience: null,
  };
  #listening = new AbortController();

  constructor() {
    this.#button.addEventListener('click', () => this.#open(this.#details.hidden), {
      signal: this.#listening.signal,
    });
    this.#open(false);
  }

  close() {
    this.#listening.abort();
    this.#open(false);
  }

  /**
   * Updates the situation and the display. Call this with `sample` once a second, and with `live`
   * when the connection is made or lost.
   * @param {Partial<Situation>} news  new values; the fields that `news` omits do not change
   */
  update(news) {
    Object.assign(this.#situation, news);
    // A new connection gets a new verdict.
    if (news.live) this.#health = new Health();
    if (news.sample || news.live !== undefined) this.#health.add(this.#situation);
    this.#show();
  }

  /** @param {boolean} open */
  #open(open) {
    this.#details.hidden = !open;
    this.#button.setAttribute('aria-expanded', String(open));
    this.#show();
  }

  #show() {
    const { light, why } = this.#health;
    const { sample, ingest, audience, live } = this.#situation;
    this.#button.dataset.light = live ? light : 'bad';
    setText(byId('health-word'), t(`health.${live ? light : 'off'}`));
    setText(
      byId('health-text'),
      live ? findingText(why, ingest) || sentLine(sample) : t('health.not_connected'),
    );
    setText(byId('audience'), live ? audienceLine(audience) : '');
    if (this.#details.hidden) return;
    const { seen, sent, received } = figures(this.#situation);
    fill(this.#lists.seen, seen);
    fill(this.#lists.sent, sent);
    fill(this.#lists.received, received);
  }
}

/**
 * @param {HTMLElement} list
 * @param {[string, string][]} rows
 */
function fill(list, rows) {
  while (list.children.length < rows.length) {
    const row = document.createElement('div');
    row.append(document.createElement('dt'), document.createElement('dd'));
    list.append(row);
  }
  rows.forEach(([name, value], n) => {
    const [term, text] = /** @type {[Element, Element]} */ ([
      ...(list.children[n]?.children ?? []),
    ]);
    setText(term, name);
    setText(text, value);
  });
}
