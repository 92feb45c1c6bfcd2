/** Helpers that read and change the document. */

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
 * Sets the text of an element. Does nothing if the element already has this text: this saves a
 * layout, and screen readers do not repeat the text.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Returns the element of a view with the given `data-part`.
 * @template {Element} [T=HTMLElement]
 * @param {HTMLElement} root
 * @param {string} name  value of `data-part`
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
 * Shows a short message at the lower edge of the page. Screen readers speak it too.
 * @param {string} text
 */
export function toast(text) {
  const element = byId('toast');
  setText(element, text);
  for (const animation of element.getAnimations()) animation.cancel();
  element.animate([GONE, { ...SHOWN, offset: 0.05 }, { ...SHOWN, offset: 0.95 }, GONE], TOAST);
}
