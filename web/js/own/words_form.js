/** The form with which a person changes the title and the caption of a clip. */
import { setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';

/** @typedef {Pick<import('../api/clips_api.js').Clip, 'title' | 'caption'>} Words */

const LONGEST = Object.freeze({ title: 80, caption: 300 }); // characters

/**
 * @param {Words} words  the present words
 * @param {(words: Words) => Promise<unknown>} save
 * @param {() => void} cancel
 */
export function wordsForm({ title, caption }, save, cancel) {
  const form = element('form', 'stack');
  const heading = element('input');
  heading.value = title;
  const text = element('textarea');
  text.value = caption;
  text.rows = 3;
  const done = element('button', 'button primary', t('own.clips.save'));
  const back = element('button', 'button', t('own.clips.cancel'));
  back.type = 'button';
  back.addEventListener('click', cancel);
  const failed = element('p', 'error');
  failed.setAttribute('role', 'alert');
  const buttons = element('div', 'row-actions');
  buttons.append(done, back);
  form.append(
    fieldOf('title', heading),
    fieldOf('caption', text),
    element('p', 'hint', t('own.clips.caption_why')),
    failed,
    buttons,
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    done.disabled = true;
    try {
      await save({ title: heading.value.trim(), caption: text.value.trim() });
    } catch (error) {
      setText(failed, /** @type {Error} */ (error).message);
    }
    done.disabled = false;
  });
  return form;
}

/**
 * @param {'title' | 'caption'} name
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 */
function fieldOf(name, field) {
  field.dir = 'auto';
  field.maxLength = LONGEST[name];
  field.dataset.testid = `clip-${name}`;
  const label = element('label', 'field');
  label.append(element('span', '', t(`own.clips.${name}`)), field);
  return label;
}
