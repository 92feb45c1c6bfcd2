/**
 * Stores values in localStorage, and secrets in sessionStorage. If the storage is forbidden or full,
 * nothing is stored.
 */

/**
 * @param {string} name
 * @returns {any} the stored value, or null
 */
export function recall(name) {
  return read(() => localStorage, name);
}

/**
 * @param {string} name
 * @param {unknown} value null removes the stored value
 */
export function keep(name, value) {
  write(() => localStorage, name, value);
}

/**
 * @param {string} name
 * @returns {any} the value that is stored for this tab, or null
 */
export function recallInTab(name) {
  return read(() => sessionStorage, name);
}

/**
 * Stores a secret until the tab is closed. Removes the secret from localStorage, where earlier
 * versions of the page stored it.
 * @param {string} name
 * @param {unknown} value null removes the stored value
 */
export function keepInTab(name, value) {
  write(() => localStorage, name, null);
  write(() => sessionStorage, name, value);
}

/**
 * @param {() => Storage} storage throws if the browser forbids storage
 * @param {string} name
 */
function read(storage, name) {
  try {
    return JSON.parse(storage().getItem(`microlive.${name}`) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * @param {() => Storage} storage
 * @param {string} name
 * @param {unknown} value
 */
function write(storage, name, value) {
  try {
    if (value === null) storage().removeItem(`microlive.${name}`);
    else storage().setItem(`microlive.${name}`, JSON.stringify(value));
  } catch {
    // Storing fails in a private window, or if the disk is full.
  }
}
