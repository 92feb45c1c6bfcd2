/** The keyboard shortcuts of the pages of clips and replays. */
import { isTyping } from '../page/key_press.js';

/** @param {Readonly<Record<string, () => void>>} shortcuts  what each key does */
export function listenForShortcuts(shortcuts) {
  document.addEventListener('keydown', (event) => {
    const { key, defaultPrevented, ctrlKey, metaKey, altKey } = event;
    const target = /** @type {Element} */ (event.target);
    if (defaultPrevented || ctrlKey || metaKey || altKey) return;
    if (isTyping(target) || document.querySelector('dialog[open]')) return;
    if (key === ' ' && target !== document.body) return; // the space bar presses a button
    const act = shortcuts[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
