/** localStorage that may be forbidden or full: then nothing is remembered, and nothing breaks. */

/**
 * @param {string} name
 * @returns {any} what was kept, or null
 */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(`microlive.${name}`) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {unknown} value null forgets
 */
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(`microlive.${name}`);
    else localStorage.setItem(`microlive.${name}`, JSON.stringify(value));
  } catch {
    // Private windows: this tab goes on without a memory.
  }
}
