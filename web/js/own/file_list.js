/** The files of a live that has ended, which its creator can download. */
import { byId, setText } from '../page/dom.js';
import { element } from '../page/element.js';
import { t } from '../page/strings.js';
import { clockTime } from '../page/words.js';

/** @typedef {import('../api/live_api.js').ExportFile} ExportFile */

/**
 * Loads the list of files when the creator opens it.
 * @param {Pick<import('../api/live_api.js').LiveApi, 'files'>} api
 */
export function offerFiles(api) {
  const group = /** @type {HTMLDetailsElement} */ (byId('over-files'));
  group.open = false;
  byId('files').replaceChildren();
  group.ontoggle = async () => {
    if (!group.open || byId('files').children.length) return;
    setText(byId('files-error'), '');
    try {
      const files = await api.files();
      byId('files').replaceChildren(...files.map(rowOf));
      byId('files-why').hidden = !files.some(({ name }) => name === 'video-2.mp4');
    } catch (error) {
      setText(byId('files-error'), /** @type {Error} */ (error).message);
    }
  };
}

/** @param {ExportFile} file */
function rowOf(file) {
  const row = element('li');
  const link = element('a', 'button small', t('own.files.download'));
  link.href = file.url;
  link.download = '';
  const label = labelOf(file);
  link.setAttribute('aria-label', t('own.files.download_file', { file: label }));
  row.append(element('span', '', label), link);
  return row;
}

/**
 * Returns what a file contains, for people.
 * @param {ExportFile} file
 */
export function labelOf({ name, seconds }) {
  const [, kind = '', n = ''] = /^(\w+)(?:-(\d+))?\./.exec(name) ?? [];
  const time = clockTime(seconds);
  if (kind === 'video') return t('own.files.video', { n, time });
  if (name.endsWith('.vtt')) return t('own.files.subtitles', { n });
  return t(kind === 'chat' ? 'own.files.chat' : 'own.files.hearts');
}
