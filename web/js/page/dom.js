/** The few words the mains say to the document. */

/**
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (/** @type {unknown} */ (element));
}

/**
 * Writes only what changed: screen readers and layout are spared the rest.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let toastTimer = 0;

/**
 * A short word at the lower edge, also spoken by screen readers.
 * @param {string} text
 */
export function toast(text) {
  const element = byId('toast');
  setText(element, text);
  element.classList.add('shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => element.classList.remove('shown'), 3_500);
}
