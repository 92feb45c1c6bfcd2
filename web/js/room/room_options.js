/**
 * The options of a RoomView (room_view.js), and the events that it reports to its page.
 *
 * @typedef {import('./room_state.js').RoomState} RoomState
 *
 * @typedef {object} RoomEvents
 * @property {() => void} [ready]  the first frame or a card is visible
 * @property {(title: string) => void} [title]
 * @property {(text: string) => void} [notice]  a short message for the viewer
 * @property {() => void} [share]
 * @property {(event: any) => void} [event]  what happened in the room, as relay/PROTOCOL.md and
 *   server/API.md describe it
 * @property {() => void} [settled]  the first frames are shown: the rest of the page may load
 * @property {(state: RoomState) => void} [state]
 * @property {() => void} [connected]  the connection is open again, and events may have been missed
 * @property {(x: number, y: number) => void} [doubleTap]  on the picture, px in the window
 * @property {(mediaTime: number) => void} [playhead]  the viewer watches this moment of an instant
 *   replay, µs; NaN at the live
 *
 * @typedef {object} RoomOptions
 * @property {string} room
 * @property {HTMLElement} root
 * @property {string} worker  URL of the decoder's worker
 * @property {string | null} [player]  the playback path that the viewer requested
 * @property {import('../boot/preload.js').Preload | null} [preload]
 * @property {RoomEvents} [events]
 * @property {Readonly<import('../page/environment.js').Environment>} [environment]
 */
export {};
