/**
 * Shows the summary to the creator after the live: figures, hearts over time, people, polls, clips.
 */
import { byId, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { ClipList } from '../own/clip_list.js';
import { offerFiles } from '../own/file_list.js';
import { BROWSER } from '../page/environment.js';
import { t } from '../page/strings.js';
import { clockTime, headCount } from '../page/words.js';
import { showAvatar } from '../people/avatar.js';
import { percentages } from '../polls/percentages.js';
import { clipOf, showMoments } from './over_moments.js';
import { plotOf } from './plot.js';
import { barOf } from './poll_sheet.js';

/** @typedef {import('../api/live_api.js').Summary} Summary */

// Maximum number of requests for the summary. The first request may come too early, because the
// server stores the last seconds of a live only after the live has ended.
const TRIES = 5;
const WAIT = 700; // ms
// Time until the server has published the best moments by itself, if the creator wants that, ms.
const LOOK_AGAIN = 5000;
const [WIDTH, HEIGHT] = [320, 88]; // size of the plot, in units of the SVG

export class SummaryView {
  #api;
  #environment;
  #clipsApi;
  #clips;
  #closed = false;

  /**
   * @param {import('../api/live_api.js').LiveApi} api
   * @param {import('../api/clips_api.js').ClipsApi} clips
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(api, clips, environment = BROWSER) {
    this.#api = api;
    this.#clipsApi = clips;
    const failed = (/** @type {unknown} */ error) =>
      setText(byId('over-clips-error'), /** @type {Error | null} */ (error)?.message ?? '');
    failed(null); // of the live before
    this.#clips = new ClipList(
      byId('over-clip-list'),
      byId('over-clips-empty'),
      clips,
      failed,
      environment,
    );
    byId('over-clips').hidden = true;
    this.#environment = environment;
    byId('summary').hidden = true;
    byId('over-moments').hidden = true;
    byId('delete-live').hidden = true;
    byId('delete-live').onclick = () =>
      /** @type {HTMLDialogElement} */ (byId('delete-dialog')).showModal();
    byId('delete-confirm').onclick = () => void this.#delete();
  }

  /**
   * Loads the summary. Repeats the request, because the server may need a moment after the end of
   * the live.
   */
  async load() {
    for (let n = 0; n < TRIES && !this.#closed; n++) {
      try {
        const summary = await this.#api.summary();
        if (this.#closed) return;
        this.#show(summary);
        offerFiles(this.#api);
        if (await this.#showClips()) return;
        await this.#wait(LOOK_AGAIN);
        if (!this.#closed && !byId('moments').querySelector('button:disabled'))
          await this.#showClips();
        return;
      } catch {
        await this.#wait(WAIT);
      }
    }
  }

  /** @param {number} time  ms */
  #wait(time) {
    return new Promise((resolve) => this.#environment.setTimeout(() => resolve(null), time));
  }

  /** Shows the clips and the best moments. Returns whether each moment has a clip. */
  async #showClips() {
    await this.#clips.load();
    byId('over-clips').hidden = !this.#clips.filled;
    return this.#showMoments();
  }

  close() {
    this.#closed = true;
    this.#clips.close();
  }

  /** @param {Summary} summary */
  #show(summary) {
    setText(byId('over-time'), clockTime(summary.duration));
    setText(byId('over-peak'), headCount(summary.peak));
    setText(byId('over-people'), headCount(summary.people));
    setText(byId('over-hearts'), headCount(summary.hearts.total));
    setText(byId('over-messages'), headCount(summary.messages));
    setText(byId('over-followers'), headCount(summary.new_followers));
    this.#showHearts(summary);
    this.#showTalkers(summary);
    byId('over-polls').replaceChildren(...summary.polls.map(pollOf));
    byId('summary').hidden = false;
    byId('delete-live').hidden = false;
  }

  /** @param {Summary} summary */
  #showHearts({ hearts, duration, top_moment: top }) {
    byId('over-plot').hidden = !hearts.total;
    if (!hearts.total) return;
    const { line, area, x } = plotOf(hearts.counts, WIDTH, HEIGHT);
    byId('plot-line').setAttribute('d', line);
    byId('plot-area').setAttribute('d', area);
    const mark = byId('plot-top');
    mark.toggleAttribute('hidden', !top);
    if (top) {
      const place = String(x(top.at / hearts.step));
      mark.setAttribute('x1', place);
      mark.setAttribute('x2', place);
    }
    setText(byId('plot-end'), clockTime(duration));
    setText(
      byId('over-top'),
      top ? t('studio.summary.top', { time: clockTime(top.at), count: top.people }) : '',
    );
  }

  /** @param {Summary} summary */
  #showTalkers({ talkers }) {
    byId('over-talkers').hidden = !talkers.length;
    byId('talkers').replaceChildren(
      ...talkers.map(({ person, messages }) => {
        const row = element('li');
        row.append(
          showAvatar(element('span', 'avatar'), person),
          element('bdi', '', person.name),
          element('span', '', t('studio.summary.wrote', { count: messages })),
        );
        return row;
      }),
    );
  }

  /**
   * Shows the best moments, if clips can be made of them. The summary is complete without them.
   * Returns whether each moment has a clip.
   */
  async #showMoments() {
    const found = Promise.all([this.#api.moments(), this.#clipsApi.list()]);
    const [moments, clips] = await found.catch(() => [[], []]);
    if (!this.#closed) showMoments(moments, clips, this.#clipsApi);
    return moments.every((moment) => clipOf(moment, clips));
  }

  async #delete() {
    try {
      await this.#api.deleteAll();
      this.#clips.close();
      byId('summary').hidden = true;
      byId('delete-live').hidden = true;
      setText(byId('over-text'), t('studio.summary.deleted'));
    } catch (error) {
      setText(byId('over-text'), /** @type {Error} */ (error).message);
    }
  }
}

/** @param {Summary['polls'][number]} poll */
function pollOf({ question, answers, votes }) {
  const section = element('section');
  const list = element('ul');
  const shares = percentages(votes);
  list.append(...answers.map((answer, n) => barOf(answer, votes[n] ?? 0, shares[n] ?? 0)));
  section.append(element('h3', '', question), list);
  return section;
}
