/** The states of a broadcast and all transitions between them. */

/** @typedef {(typeof BroadcastState)[keyof typeof BroadcastState]} State */
/** @typedef {(typeof BroadcastEvent)[keyof typeof BroadcastEvent]} Event */

export const BroadcastState = Object.freeze({
  IDLE: 'idle',
  /** The first session is being set up. */
  CONNECTING: 'connecting',
  /** The broadcast was never live and waits for the next attempt to connect. */
  WAITING: 'waiting',
  LIVE: 'live',
  /**
   * The broadcast was live, but the device has probably moved to another network, or no data
   * arrives. ICE restarts. The connection counts as lost if it receives no data soon.
   */
  DOUBTED: 'doubted',
  /** ICE reports “disconnected”, which may be temporary. ICE restarts. */
  DISCONNECTED: 'disconnected',
  /** The broadcast was live and waits for the next attempt to reconnect. */
  LOST: 'lost',
  RECONNECTING: 'reconnecting',
  CLOSED: 'closed',
});

export const BroadcastEvent = Object.freeze({
  START: 'start',
  /** ICE and DTLS are connected. */
  CONNECTED: 'connected',
  DISCONNECTED: 'disconnected',
  /** The browser reported that the network changed, was lost or returned. */
  NETWORK_CHANGED: 'network changed',
  /** The page has received nothing from the server for a moment. */
  SILENT: 'silent',
  /** The page has received a datagram or an answer from the server. */
  HEARD: 'heard',
  /** The session failed, was refused, timed out or was silent for too long. */
  FAILED: 'failed',
  /** The next attempt is due. */
  RETRY: 'retry',
  CLOSE: 'close',
});

const [S, E] = [BroadcastState, BroadcastEvent];

/**
 * The next state for each current state and event. An event that is not listed for a state has no
 * effect. If the next state equals the current state, the actions for entering the state run again.
 * @type {Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>>}
 */
export const TRANSITIONS = Object.freeze({
  [S.IDLE]: { [E.START]: S.CONNECTING, [E.CLOSE]: S.CLOSED },
  [S.CONNECTING]: {
    [E.CONNECTED]: S.LIVE,
    [E.FAILED]: S.WAITING,
    [E.RETRY]: S.CONNECTING,
    [E.CLOSE]: S.CLOSED,
  },
  [S.WAITING]: { [E.RETRY]: S.CONNECTING, [E.CLOSE]: S.CLOSED },
  [S.LIVE]: {
    [E.CONNECTED]: S.LIVE,
    [E.DISCONNECTED]: S.DISCONNECTED,
    [E.NETWORK_CHANGED]: S.DOUBTED,
    [E.SILENT]: S.DOUBTED,
    [E.FAILED]: S.LOST,
    [E.CLOSE]: S.CLOSED,
  },
  [S.DOUBTED]: {
    [E.CONNECTED]: S.LIVE,
    [E.DISCONNECTED]: S.DISCONNECTED,
    [E.NETWORK_CHANGED]: S.DOUBTED,
    [E.HEARD]: S.LIVE,
    [E.FAILED]: S.LOST,
    [E.CLOSE]: S.CLOSED,
  },
  [S.DISCONNECTED]: {
    [E.CONNECTED]: S.LIVE,
    [E.NETWORK_CHANGED]: S.DISCONNECTED,
    [E.FAILED]: S.LOST,
    [E.CLOSE]: S.CLOSED,
  },
  [S.LOST]: { [E.RETRY]: S.RECONNECTING, [E.CLOSE]: S.CLOSED },
  [S.RECONNECTING]: {
    [E.CONNECTED]: S.LIVE,
    [E.FAILED]: S.LOST,
    [E.RETRY]: S.RECONNECTING,
    [E.CLOSE]: S.CLOSED,
  },
  [S.CLOSED]: {},
});
