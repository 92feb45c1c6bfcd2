import { mimeFor, sourceClass } from './mime.js';

/**
 * Returns the URL of a room's WebSocket. The URL contains the player's hello, so that the hello
 * costs no round trip.
 * @param {string} room
 * @param {string} player a playback path
 * @returns {string}
 */
export function watchUrl(room, player) {
  const url = new URL(`/ws/${encodeURIComponent(room)}`, self.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const query = new URLSearchParams({ player, codecs: decodableFamilies(player).join(',') });
  // Media comes by HTTP or WebRTC; the WebSocket carries events and the clock.
  if (player === 'hls' || player === 'whep') query.set('media', '0');
  url.search = query.toString();
  return url.href;
}

/**
 * Returns the URL of a WebSocket that begins on standby.
 * @param {string} url  as `watchUrl` returns it
 */
export const onStandby = (url) => `${url}&hold=1`;

/** @param {string} player */
function decodableFamilies(player) {
  const source = sourceClass(self);
  const opus = player !== 'mse' || !source || mimeFor('audio', 'opus', source) !== null;
  return opus ? ['avc1', 'opus'] : ['avc1'];
}
