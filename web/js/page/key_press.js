/** What a key press means, depending on the element that has the focus. Pure. */

/** @type {Readonly<Record<string, number>>} direction by key */
const DIRECTIONS = Object.freeze({ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 });

/**
 * Returns the direction in which a key moves a slider: -1 or 1, or 0 if the key does not move it.
 * @param {Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>} event
 */
export function directionOf({ key, ctrlKey, metaKey, altKey }) {
  return ctrlKey || metaKey || altKey ? 0 : (DIRECTIONS[key] ?? 0);
}

/**
 * Whether the element uses letters and arrow keys itself, so that they are no shortcuts. A slider
 * uses no letters, and prevents the default of the other keys that it uses.
 * @param {{tagName: string, type?: string}} element
 */
export function isTyping({ tagName, type }) {
  return (
    tagName === 'TEXTAREA' || tagName === 'SELECT' || (tagName === 'INPUT' && type !== 'range')
  );
}
