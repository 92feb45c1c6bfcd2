/**
 * All gestures of the room's page, with the place and the action of each gesture. For keyboards and
 * screen readers, each gesture also has a button, a `data-part` of room.html. `key` is a shortcut
 * for the whole page. Pure.
 *
 * @typedef {'picture' | 'heart' | 'clip' | 'message'} Place
 * @typedef {'tap' | 'double-tap' | 'hold'} Gesture
 * @typedef {'sound' | 'controls' | 'heart' | 'emoji' | 'clip' | 'sheet' | 'stats' | 'full' | 'fold' |
 *   'back' | 'ahead' | 'pause'} Action
 *
 * @typedef {object} Row
 * @property {Place} place
 * @property {Gesture} gesture
 * @property {Action} action
 * @property {string} button
 * @property {string} [key]
 * @property {'muted' | 'sounding'} [when]  the row applies only in this state
 */

/** @type {readonly Readonly<Row>[]} */
export const GESTURES = Object.freeze([
  {
    place: 'picture',
    gesture: 'tap',
    when: 'muted',
    action: 'sound',
    button: 'unmute',
    key: 'm',
  },
  { place: 'picture', gesture: 'tap', when: 'sounding', action: 'controls', button: 'menu' },
  { place: 'picture', gesture: 'double-tap', action: 'heart', button: 'heart', key: 'l' },
  { place: 'heart', gesture: 'tap', action: 'heart', button: 'heart', key: 'l' },
  { place: 'heart', gesture: 'hold', action: 'emoji', button: 'emoji', key: 'e' },
  { place: 'clip', gesture: 'tap', action: 'clip', button: 'clip', key: 'c' },
  { place: 'message', gesture: 'hold', action: 'sheet', button: 'message-menu' },
]);

/** Shortcuts without a gesture. @type {readonly {key: string, action: Action, button: string}[]} */
export const SHORTCUTS = Object.freeze([
  { key: 's', action: 'stats', button: 'stats-toggle' },
  { key: 'f', action: 'full', button: 'full' },
  { key: 'h', action: 'fold', button: 'fold' },
  { key: 'ArrowLeft', action: 'back', button: 'rewind' },
  { key: 'ArrowRight', action: 'ahead', button: 'rewind-live' },
  { key: 'k', action: 'pause', button: 'rewind-pause' },
]);

/**
 * @param {Place} place
 * @param {Gesture} gesture
 * @param {'muted' | 'sounding'} [state]
 * @returns {Action | undefined}
 */
export function actionOf(place, gesture, state) {
  return GESTURES.find(
    (row) =>
      row.place === place &&
      row.gesture === gesture &&
      (row.when === undefined || row.when === state),
  )?.action;
}

/**
 * @param {string} key  `KeyboardEvent.key`
 * @returns {Action | undefined}
 */
export function actionOfKey(key) {
  return [...GESTURES, ...SHORTCUTS].find((row) => row.key === key)?.action;
}
