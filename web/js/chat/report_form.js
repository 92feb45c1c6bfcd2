/** Makes the form with which a person reports a message, a live or a clip. */
import { element } from '../page/element.js';
import { t } from '../page/strings.js';

const REASONS = /** @type {const} */ ([
  'spam',
  'harassment',
  'hate',
  'sexual',
  'violence',
  'self_harm',
  'minor',
  'other',
]);

/**
 * @param {string} heading
 * @param {(reason: string, text: string) => void} send
 */
export function reportForm(heading, send) {
  const form = element('form', 'report');
  const reasons = element('fieldset');
  reasons.append(
    element('legend', '', t('report.why')),
    ...REASONS.map((reason, n) => choiceOf(reason, n === 0)),
  );
  const label = element('label');
  const more = element('textarea');
  more.name = 'text';
  more.maxLength = 500;
  more.rows = 2;
  more.placeholder = t('report.more');
  more.setAttribute('aria-label', t('report.more'));
  label.append(more);
  const button = element('button', 'button primary', t('report.send'));
  form.append(element('h2', '', heading), reasons, label, button);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const data = new FormData(form);
    send(String(data.get('reason')), String(data.get('text') ?? '').trim());
  });
  return form;
}

/**
 * @param {string} reason
 * @param {boolean} checked
 */
function choiceOf(reason, checked) {
  const label = element('label', 'row');
  const input = element('input');
  Object.assign(input, { type: 'radio', name: 'reason', value: reason, checked });
  label.append(input, t(`report.reason.${reason}`));
  return label;
}
