/**
 * Shows the room's latest keyframe until a player shows a frame. The server has put the keyframe
 * into the page, so that this module needs no connection.
 */
import { fitOf, pictureShape } from '../page/fit.js';

/**
 * Decodes the keyframe in the page and draws it, unless the browser lacks WebCodecs or a player
 * already shows a frame.
 */
export function showFirstFrame() {
  const data = document.getElementById('first-frame');
  if (!data || !('VideoDecoder' in self)) return;
  const { codec = '', description = '' } = data.dataset;
  const decoder = new VideoDecoder({
    output: place,
    error: () => {}, // ignore the error: the player reports every error
  });
  decoder.configure({ codec, description: bytesOf(description), optimizeForLatency: true });
  decoder.decode(
    new EncodedVideoChunk({ type: 'key', timestamp: 0, data: bytesOf(data.textContent ?? '') }),
  );
  decoder
    .flush()
    .then(() => decoder.close())
    .catch(() => {});
  data.remove();
}

/** @param {VideoFrame} frame */
function place(frame) {
  const viewport = document.getElementById('stage');
  const still = document.getElementById('still');
  if (!viewport || !(still instanceof HTMLCanvasElement)) {
    // The keyframe is decoded, but the browser has not yet parsed the elements that will show the
    // keyframe: try again.
    requestAnimationFrame(() => place(frame));
    return;
  }
  if (!viewport.classList.contains('playing')) draw(frame, viewport, still);
  frame.close();
}

/**
 * @param {VideoFrame} frame
 * @param {HTMLElement} viewport
 * @param {HTMLCanvasElement} still
 */
function draw(frame, viewport, still) {
  [still.width, still.height] = [frame.displayWidth, frame.displayHeight];
  still.getContext('2d', { alpha: false })?.drawImage(frame, 0, 0);
  const shape = pictureShape(innerWidth, innerHeight, viewport.dataset.chat);
  viewport.dataset.fit = fitOf(still.width / still.height, shape);
  still.hidden = false;
}

/** @param {string} base64 */
function bytesOf(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  // Use a loop: a callback for each character would take longer than decoding the keyframe.
  for (let n = 0; n < bytes.length; n++) bytes[n] = letters.charCodeAt(n);
  return bytes;
}
