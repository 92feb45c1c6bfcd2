/** The reports that the person wrote, and the reports about the person. */
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { dateOf } from '../page/words.js';
import * as api from '../people/people_api.js';
import { rowOf } from '../people/rows.js';
import { Section } from './section.js';

export class ReportsSection extends Section {
  constructor() {
    super('reports');
  }

  async refresh() {
    await this.attempt(() => this.#load());
  }

  async #load() {
    const { made, about } = await api.myReports();
    this.part('list').replaceChildren(
      ...about.map((report) => this.#rowOf(report, 'about')),
      ...made.map((report) => this.#rowOf(report, 'made')),
    );
    this.part('empty').hidden = made.length + about.length > 0;
  }

  /**
   * @param {api.Report} report
   * @param {'made' | 'about'} side
   */
  #rowOf(report, side) {
    const { kind, reason, text, message, decision, note, answer, at } = report;
    const row = rowOf({
      title: t(`me.reports.${side}.${kind}`, { reason: t(`report.reason.${reason}`) }),
      lines: [dateOf(at * 1_000)],
    });
    const lines = [message?.text, text, note, answer && t('report.answer', { answer })];
    const what = /** @type {Element} */ (row.firstElementChild);
    what.append(element('span', 'state', t(`me.reports.${decision ?? 'open'}`)));
    for (const line of lines) if (line) what.append(element('span', '', line));
    if (side === 'about' && decision && !answer) row.append(this.#answerForm(report));
    return row;
  }

  /** @param {api.Report} report */
  #answerForm({ id }) {
    const form = element('form');
    const label = element('label', 'field');
    const area = element('textarea');
    area.maxLength = 500;
    area.required = true;
    label.append(element('span', '', t('me.reports.answer_label')), area);
    form.append(label, element('button', 'button', t('me.reports.send')));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.attempt(async () => {
        await api.answerReport(id, area.value.trim());
        await this.#load();
      }, form);
    });
    return form;
  }
}
