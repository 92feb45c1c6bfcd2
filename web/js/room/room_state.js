/**
 * The states of a room in a viewer's page. `ended` and `sorry` are final. Pure.
 *
 * @typedef {'connecting' | 'idle' | 'live' | 'away' | 'ended' | 'sorry'} RoomState
 */

/** The states in which the page shows a card with a message for the viewer. */
export const CARDS = Object.freeze(/** @type {const} */ (['idle', 'away', 'ended', 'sorry']));

/** @param {RoomState} state */
export const isOver = (state) => state === 'ended' || state === 'sorry';

/**
 * @param {RoomState} state
 * @param {RoomState} next  state that the server reports, or `sorry`
 * @returns {RoomState}
 */
export const nextRoomState = (state, next) => (isOver(state) ? state : next);
