/**
 * Objects that the room's page creates before its modules have loaded: the WebSocket, or the worker
 * that opens the WebSocket, and a MediaSource. The RoomView uses these objects later.
 *
 * @typedef {object} FirstSocket
 * @property {WebSocket} socket
 * @property {number} dialled  local time at which the socket was opened, ms
 * @property {{data: string | ArrayBuffer, at: number}[]} received messages that arrived before the
 *   RoomView took the socket
 *
 * @typedef {object} FirstSource
 * @property {HTMLVideoElement} video
 * @property {MediaSource} source
 * @property {string} url
 *
 * @typedef {object} Preload
 * @property {FirstSocket | null} socket
 * @property {FirstSource | null} source    a MediaSource that opens in parallel with the
 *   socket, to save time
 * @property {import('../watch/webcodecs/start_backend.js').Backend | null} backend a player backend
 *   that is already connecting
 */
import { choosePath } from '../watch/playback_paths.js';
import { watchUrl } from '../watch/line/watch_url.js';
import { startWorker, workersDraw } from '../watch/webcodecs/start_backend.js';

/**
 * @param {object} options
 * @param {string} options.room
 * @param {string | null} options.player  the requested playback path
 * @param {string} options.worker         URL of the worker
 * @returns {Preload}
 */
export function preload({ room, player, worker }) {
  const { name, supported } = choosePath(self, player);
  // A hidden page gets no `sourceopen` event and has no viewer. The page connects once it is
  // visible.
  if (document.visibilityState === 'hidden') return { socket: null, source: null, backend: null };
  const url = watchUrl(room, name);
  const backend =
    name === 'webcodecs' && supported && workersDraw() ? startWorker(worker, url) : null;
  return {
    backend,
    socket: backend ? null : openSocket(url),
    source: name === 'mse' && 'MediaSource' in self ? openSource() : null,
  };
}

/**
 * @param {string} url
 * @returns {FirstSocket}
 */
function openSocket(url) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  /** @type {FirstSocket} */
  const first = { socket, dialled: performance.now(), received: [] };
  socket.onmessage = ({ data }) => first.received.push({ data, at: performance.now() });
  return first;
}

/** @returns {FirstSource} */
function openSource() {
  const video = document.createElement('video');
  const source = new MediaSource();
  const url = URL.createObjectURL(source);
  video.muted = true;
  video.src = url;
  return { video, source, url };
}
