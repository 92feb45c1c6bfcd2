/** Helpers for the document. */

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
 * Writes the text only if it has changed: layout and screen readers then need not repeat the rest.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A named part of a view.
 * @template {Element} [T=HTMLElement]
 * @param {HTMLElement} root
 * @param {string} name  of its `data-part`
 * @returns {T}
 */
export function partOf(root, name) {
  const element = root.querySelector(`[data-part="${name}"]`);
  if (!element) throw new Error(`there is no part ${name}`);
  return /** @type {T} */ (/** @type {unknown} */ (element));
}

const TOAST = { duration: 3_500, easing: 'linear' };
const [GONE, SHOWN] = [
  { opacity: 0, transform: 'translate(-50%, 10px)' },
  { opacity: 1, transform: 'translate(-50%, 0)' },
];

/**
 * A short message at the lower edge, also spoken by screen readers.
 * @param {string} text
 */
export function toast(text) {
  const element = byId('toast');
  setText(element, text);
  for (const animation of element.getAnimations()) animation.cancel();
  element.animate([GONE, { ...SHOWN, offset: 0.05 }, { ...SHOWN, offset: 0.95 }, GONE], TOAST);
}
