/**
 * The states of an instant replay, and the function that computes the next state. Pure.
 *
 * - live: the viewer watches at the live edge.
 * - seeking: the replay loads the moment to which the viewer has jumped.
 * - playing: the replay plays.
 * - holding: as `seeking`, but the replay will then be paused.
 * - paused: the moment is on the screen, and the replay is paused.
 *
 * @typedef {'live' | 'seeking' | 'playing' | 'holding' | 'paused'} RewindState
 * @typedef {'jump' | 'shown' | 'starved' | 'pause' | 'resume' | 'leave'} RewindEvent
 */

/** @type {readonly RewindState[]} */
export const REWIND_STATES = Object.freeze(['live', 'seeking', 'playing', 'holding', 'paused']);

/** @type {readonly RewindEvent[]} */
export const REWIND_EVENTS = Object.freeze([
  'jump',
  'shown',
  'starved',
  'pause',
  'resume',
  'leave',
]);

/**
 * The next state for each current state and event. An event that is not listed for a state has no
 * effect.
 * @type {Readonly<Record<RewindState, Readonly<Partial<Record<RewindEvent, RewindState>>>>>}
 */
export const REWIND_TRANSITIONS = Object.freeze({
  live: { jump: 'seeking', pause: 'holding' },
  seeking: { shown: 'playing', pause: 'holding', leave: 'live' },
  playing: { jump: 'seeking', starved: 'seeking', pause: 'paused', leave: 'live' },
  holding: { shown: 'paused', resume: 'seeking', leave: 'live' },
  paused: { jump: 'holding', resume: 'playing', leave: 'live' },
});

/**
 * Returns the state after `event`, or the same state if the event has no effect.
 * @param {RewindState} state
 * @param {RewindEvent} event
 * @returns {RewindState}
 */
export function nextRewindState(state, event) {
  return REWIND_TRANSITIONS[state][event] ?? state;
}

/**
 * Whether the replay is paused, or will be paused once its moment is loaded.
 * @param {RewindState} state
 */
export const standsStill = (state) => state === 'holding' || state === 'paused';
