/** Makes the rows of the studio's lists: a text with buttons. */

/**
 * @typedef {object} RowButton
 * @property {string} label
 * @property {string} [name]  what a screen reader says; by default the label and the title
 * @property {() => Promise<unknown> | void} press
 */

/**
 * @param {object} row
 * @param {string} row.title
 * @param {string[]} [row.lines]
 * @param {RowButton[]} [row.buttons]
 * @param {(error: unknown) => void} row.failed
 * @returns {HTMLLIElement}
 */
export function rowOf({ title, lines = [], buttons = [], failed }) {
  const row = document.createElement('li');
  const what = child(row, 'div', 'what');
  child(child(what, 'b'), 'bdi', '', title);
  for (const line of lines) if (line) child(what, 'span', '', line);
  if (!buttons.length) return row;
  const actions = child(row, 'div', 'row-actions');
  for (const { label, name = `${label}: ${title}`, press } of buttons) {
    const button = /** @type {HTMLButtonElement} */ (child(actions, 'button', 'button', label));
    button.type = 'button';
    button.setAttribute('aria-label', name);
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        await press();
      } catch (error) {
        failed(error);
      }
      button.disabled = false;
    });
  }
  return row;
}

/**
 * @param {Element} parent
 * @param {string} tag
 * @param {string} [className]
 * @param {string} [text]
 */
function child(parent, tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  parent.append(made);
  return made;
}
