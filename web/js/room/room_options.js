/**
 * The options of a RoomView (room_view.js), and the events that it reports to its page.
 *
 * @typedef {import('./room_state.js').RoomState} RoomState
 *
 * @typedef {object} RoomEvents
 * @property {() => void} [ready]  the first frame or a card is visible; on standby, the poster or
 *   the keyframe
 * @property {() => void} [moving]  after `RoomView.play`: a new frame of the live is on the screen
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
 * @property {boolean} [standby]  whether the room begins on standby. `RoomView.play` ends the standby,
 *   `RoomView.hold` begins it again. A room on standby has no sound, gets the events up to 2 s late,
 *   is no viewer of the live, and shows a still picture: first the poster, then the newest keyframe
 *   about every 4 s (WebCodecs) or the last frame that was played
 * @property {string | null} [poster]  URL of the picture that is shown until the first frame. The
 *   room's `poster` in the HTTP API
 * @property {boolean} [thrifty]  whether a standby does not connect, because the viewer saves data.
 *   Default: what page/data_saver.js says
 * @property {Readonly<import('../page/environment.js').Environment>} [environment]
 */
export {};
