/** The states of `Revival` and all transitions between them. */

/** @typedef {(typeof RevivalState)[keyof typeof RevivalState]} State */
/** @typedef {(typeof RevivalEvent)[keyof typeof RevivalEvent]} Event */

export const RevivalState = Object.freeze({
  WELL: 'well',
  /** A track may be lost. The tracks are checked, and muted tracks are checked again later. */
  CHECKING: 'checking',
  /** A track is lost, and the next attempt to replace it is not due yet. */
  WAITING: 'waiting',
  /** A new track is requested from the browser. */
  ASKING: 'asking',
  /** The browser denied permission. The next attempt starts only at the event RETRY. */
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
  /** An attempt ended with a new track, or with an error that may be temporary. */
  ANSWERED: 'answered',
  REFUSED: 'refused',
  /**
   * The creator requested an attempt, the page became visible again, or a device was plugged in.
   */
  RETRY: 'retry',
  CLOSE: 'close',
});

const [S, E] = [RevivalState, RevivalEvent];

/**
 * The next state for each current state and event. An event that is not listed for a state has no
 * effect. If the next state equals the current state, the actions for entering the state run again.
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
