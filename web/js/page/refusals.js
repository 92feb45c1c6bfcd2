/**
 * The texts that the page shows for refusals. The server sends a code for each reason
 * (relay/errors.py, `RefusalCode`). An HTTP answer contains the code in its body,
 * `{"error", "code", "retry_after"}`. A WebSocket contains the code in its close reason,
 * `code: text`.
 */

/** @type {Readonly<Record<string, string>>} */
export const REFUSALS = Object.freeze({
  // Any request
  not_found: 'There is nothing at this address.',
  method_not_allowed: 'This is not possible at this address.',
  bad_request: 'The server did not understand the request.',
  unknown_host: 'This server does not answer at this address. Ask for the right link.',
  foreign_origin: 'This site may not use this server.',
  foreign_network: 'This server answers only in its own network.',
  body_too_large: 'The request is too large.',
  body_too_slow: 'The request arrived too slowly.',
  body_not_utf8: 'The request is not valid text.',
  wrong_content_type: 'The request has a wrong content type.',
  not_json: 'The request is not valid JSON.',
  missing_key: 'This needs the key of the creator.',
  wrong_key: 'This is not the key of the creator.',
  wrong_token: 'This token is not valid on this server.',
  rate_limited: 'Too many requests. Wait a moment and try again.',
  too_many_connections: 'Too many connections from this network. Close some pages and try again.',
  too_many_requests: 'Too many requests from this network. Wait a moment and try again.',
  too_many_sessions: 'Too many sessions from this network. Close some pages and try again.',
  storage_unavailable: 'The server cannot save at the moment. Try again later.',
  server_closing: 'The server is restarting. Try again in a moment.',
  server_full: 'The server is full at the moment. Try again in a few seconds.',
  internal_error: 'The server has an error. Try again later.',
  address_blocked: 'The operator of this server has blocked this network.',

  // The admin API
  bad_block: 'The network, the duration or the reason of the block is not valid.',
  block_not_found: 'This network is not blocked.',
  too_many_blocks: 'Too many networks are blocked. Remove a block first.',

  // Rooms
  room_not_found: 'There is no such live. The link may be old or incomplete.',
  room_ended: 'This live has ended.',
  room_not_live: 'This room is not live yet.',
  too_many_rooms: 'There are too many rooms at the moment. Try again later.',
  out_of_memory: 'The server has no memory left for another live. Try again later.',
  bitrate_too_high: 'Your bitrate is too high for this server. Choose a lower bitrate.',
  bad_title: 'The title is not valid.',
  title_too_long: 'The title is too long.',
  hello_too_long: 'The request is too long.',

  // People in rooms
  creator_only: 'Only the creator of this live can do this.',
  moderators_only: 'Only the creator and the moderators of this live can do this.',
  banned: 'You cannot watch this live or write in its chat.',

  // WHIP and WHEP
  not_sdp: 'The session description is not valid.',
  no_video: 'The session has no video.',
  unusable_offer: 'The server cannot use this session description.',
  no_common_codec: 'This browser and the server have no video codec in common.',
  not_sdp_fragment: 'The ICE candidates are not valid.',
  no_ice_restart: 'The server does not restart ICE. Connect again.',
  no_counter_offer: 'The server makes no counter-offer.',
  session_not_found: 'The session has ended. Connect again.',
  no_transcoding: 'This server does not transcode video, and this browser has no H.264.',
  too_many_transcoders: 'The server cannot transcode another live at the moment. Try again later.',

  // HLS
  bad_directive: 'The playlist request is not valid.',
  too_far_ahead: 'The playlist request is too far ahead.',
  file_not_found: 'This part of the live is no longer available.',
  nothing_new: 'The live has no new media at the moment.',
  too_many_streams: 'The server plays as many lives over HLS as it can. Try again later.',

  // The WebSocket and the event stream
  bad_notice: 'The server did not understand a message of this page.',
  message_too_large: 'A message of this page is too large.',
  not_reading: 'This network is too slow for the live.',
  too_slow: 'This network is too slow for the live.',
  unsupported_codec: 'This browser cannot decode the video of this live. Try another browser.',
});

/**
 * @param {string} code
 * @param {string} [text] the server's text, used if this page does not know the code
 */
export function wordsFor(code, text = '') {
  return Object.hasOwn(REFUSALS, code) ? /** @type {string} */ (REFUSALS[code]) : text;
}

/**
 * Reads the refusal from the body of an HTTP answer.
 * @param {string} body
 * @returns {{code: string, text: string}} `text`: the page's text for the code, or the server's
 *   text if this page does not know the code
 */
export function refusalOf(body) {
  try {
    const { error = '', code = '' } = JSON.parse(body);
    return { code, text: wordsFor(code, error) };
  } catch {
    return { code: '', text: body.slice(0, 300) };
  }
}

/**
 * Reads the refusal from the close reason of a WebSocket.
 * @param {string} reason
 * @returns {{code: string, text: string}}
 */
export function refusalOfClose(reason) {
  const [code = '', text = ''] = reason.split(/: (.*)/s);
  return { code, text: wordsFor(code, text) };
}
