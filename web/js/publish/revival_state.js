/** The states of `Revival` and every change between them. */

/** @typedef {(typeof RevivalState)[keyof typeof RevivalState]} State */
/** @typedef {(typeof RevivalEvent)[keyof typeof RevivalEvent]} Event */

export const RevivalState = Object.freeze({
  WELL: 'well',
  /** A track may be lost; it is looked at again when that is certain. */
  CHECKING: 'checking',
  /** A track is lost; waits for the next attempt. */
  WAITING: 'waiting',
  /** The browser is asked for a new track. */
  ASKING: 'asking',
  /** Permission was denied: only the creator starts the next attempt. */
  DENIED: 'denied',
  CLOSED: 'closed',
});

export const RevivalEvent = Object.freeze({
  /** Both tracks work. */
  FOUND_WELL: 'found well',
  /** A track is mute, but not for long enough to be lost. */
  FOUND_MUTE: 'found mute',
  FOUND_LOST: 'found lost',
  /** The next attempt is due. */
  DUE: 'due',
  /** The attempt ended: with a new track, or with a reason that may pass. */
  ANSWERED: 'answered',
  REFUSED: 'refused',
  /** The creator asks for it, the page is visible again, or a device was plugged in. */
  RETRY: 'retry',
  CLOSE: 'close',
});

const [S, E] = [RevivalState, RevivalEvent];

/**
 * An event that is not listed changes nothing. A state that is its own successor is entered again.
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
