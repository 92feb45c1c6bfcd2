/**
 * The states of the clip sheet, and the events that lead from one state to the next. Pure.
 *
 * @typedef {'closed' | 'making' | 'editing' | 'saving' | 'saved' | 'failed'} SheetState
 * @typedef {'tap' | 'made' | 'done' | 'saved' | 'refused' | 'close'} SheetEvent
 */

/** @type {Readonly<Record<SheetState, Readonly<Partial<Record<SheetEvent, SheetState>>>>>} */
const NEXT = Object.freeze({
  closed: { tap: 'making' },
  making: { made: 'editing', refused: 'failed', close: 'closed' },
  editing: { done: 'saving', close: 'closed' },
  saving: { saved: 'saved', refused: 'editing', close: 'closed' },
  saved: { close: 'closed' },
  failed: { tap: 'making', close: 'closed' },
});

/**
 * Returns the state after an event, or null if the event has no effect in this state.
 * @param {SheetState} state
 * @param {SheetEvent} event
 * @returns {SheetState | null}
 */
export function nextSheetState(state, event) {
  return NEXT[state][event] ?? null;
}
