/** Makes elements. */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/**
 * Returns a copy of the one element in a template.
 * @param {HTMLTemplateElement} template
 */
export function copyOf({ content }) {
  return /** @type {HTMLElement} */ (content.firstElementChild?.cloneNode(true));
}
