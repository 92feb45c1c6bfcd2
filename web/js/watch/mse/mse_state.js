/**
 * The states of the MSE player, and the function that computes the next state. Pure.
 *
 * - opening: the media source is not open yet.
 * - collecting: the media source is open; the tracks or the burst are not complete.
 * - starting: the source buffers have the burst; no frame is on the screen.
 * - playing: frames are on the screen.
 * - dry: the element ran out of media.
 * - recovering: media has arrived again; the next frame is not on the screen yet.
 * - broken: the player cannot continue and has reported the failure.
 * - closed.
 *
 * @typedef {'opening' | 'collecting' | 'starting' | 'playing' | 'dry' | 'recovering' | 'broken' |
 *   'closed'} MseState
 * @typedef {'opened' | 'filled' | 'shown' | 'starved' | 'fed' | 'failed' | 'closed'} MseEvent
 */

/** @type {readonly MseState[]} */
export const MSE_STATES = Object.freeze([
  'opening',
  'collecting',
  'starting',
  'playing',
  'dry',
  'recovering',
  'broken',
  'closed',
]);

/** @type {readonly MseEvent[]} */
export const MSE_EVENTS = Object.freeze([
  'opened',
  'filled',
  'shown',
  'starved',
  'fed',
  'failed',
  'closed',
]);

/**
 * The next state for each current state and event. An event that is not listed for a state has no
 * effect.
 * @type {Readonly<Record<MseState, Readonly<Partial<Record<MseEvent, MseState>>>>>}
 */
export const MSE_TRANSITIONS = Object.freeze({
  opening: { opened: 'collecting', failed: 'broken', closed: 'closed' },
  collecting: { filled: 'starting', failed: 'broken', closed: 'closed' },
  starting: { shown: 'playing', failed: 'broken', closed: 'closed' },
  playing: { starved: 'dry', failed: 'broken', closed: 'closed' },
  dry: { fed: 'recovering', failed: 'broken', closed: 'closed' },
  recovering: { starved: 'dry', shown: 'playing', failed: 'broken', closed: 'closed' },
  broken: { closed: 'closed' },
  closed: {},
});

/**
 * Returns the state after `event`, or the same state if the event has no effect.
 * @param {MseState} state
 * @param {MseEvent} event
 * @returns {MseState}
 */
export function nextMseState(state, event) {
  return MSE_TRANSITIONS[state][event] ?? state;
}
