/** The states of `Revival` and all transitions between them. */

/** @typedef {(typeof RevivalState)[keyof typeof RevivalState]} State */
/** @typedef {(typeof RevivalEvent)[keyof typeof RevivalEvent]} Event */

export const RevivalState = Object.freeze({
  WELL: 'well',
  /** A track may be lost. It is checked again when the loss is certain. */
  CHECKING: 'checking',
  /** A track is lost; waits for the next attempt. */
  WAITING: 'waiting',
  /** A new track is requested from the browser. */
  ASKING: 'asking',
  /** Permission was denied: only the creator starts the next attempt. */
  DENIED: 'denied',
  CLOSED: 'closed',
});

export const RevivalEvent = Object.freeze({
  /** Both tracks work. */
  FOUND_WELL: 'found well',
  /** A track is muted, but not for long enough to count as lost. */
  FOUND_MUTE: 'found mute',
  FOUND_LOST: 'found lost',
  /** The next attempt is due. */
  DUE: 'due',
  /** The attempt ended, with a new track or with a reason that may be temporary. */
  ANSWERED: 'answered',
  REFUSED: 'refused',
  /** The creator requests it, the page is visible again, or a device was plugged in. */
  RETRY: 'retry',
  CLOSE: 'close',
});

const [S, E] = [RevivalState, RevivalEvent];

/**
 * Events that are not listed change nothing. If a state is its own successor, it is entered again.
 * @type {Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>>}
 */
export const TRANSITIONS = Object.freeze({
  [S.WELL]: {
    [E.FOUND_MUTE]: S.CHECKING,
    [E.FOUND_LOST]: S.WAITING,
    [E.RETRY]: S.CHECKING,
    [E.CLOSE]: S.CLOSED,
  },
  [S.CHECKING]: {
    [E.FOUND_WELL]: S.WELL,
    [E.FOUND_MUTE]: S.CHECKING,
    [E.FOUND_LOST]: S.WAITING,
    [E.RETRY]: S.CHECKING,
    [E.CLOSE]: S.CLOSED,
  },
  [S.WAITING]: {
    [E.FOUND_WELL]: S.WELL,
    [E.DUE]: S.ASKING,
    [E.RETRY]: S.CHECKING,
    [E.CLOSE]: S.CLOSED,
  },
  [S.ASKING]: { [E.ANSWERED]: S.CHECKING, [E.REFUSED]: S.DENIED, [E.CLOSE]: S.CLOSED },
  [S.DENIED]: { [E.FOUND_WELL]: S.WELL, [E.RETRY]: S.CHECKING, [E.CLOSE]: S.CLOSED },
  [S.CLOSED]: {},
});
