/** Stores values in localStorage. If localStorage is forbidden or full, nothing is stored. */

/**
 * @param {string} name
 * @returns {any} the stored value, or null
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
 * @param {unknown} value null removes the stored value
 */
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(`microlive.${name}`);
    else localStorage.setItem(`microlive.${name}`, JSON.stringify(value));
  } catch {
    // Storing fails in a private window, or if the disk is full.
  }
}
