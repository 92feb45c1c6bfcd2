/**
 * The frame inside the page: the latest keyframe of the live, shown until a player has a frame. It
 * needs no connection and no player.
 */
import { fitOf } from '../page/fit.js';

/** Decodes and shows the frame in browsers with WebCodecs. It never covers a player's frame. */
export function showFirstFrame() {
  const data = document.getElementById('first-frame');
  if (!data || !('VideoDecoder' in self)) return;
  const { codec = '', description = '' } = data.dataset;
  const decoder = new VideoDecoder({
    output: place,
    error: () => {}, // the player meets the same error and reports it
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
    // The frame was decoded before the page was parsed.
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
  viewport.dataset.fit = fitOf(still.width / still.height, innerWidth / innerHeight);
  still.hidden = false;
}

/** @param {string} base64 */
function bytesOf(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  // A callback for each letter would take longer than the decoder.
  for (let n = 0; n < bytes.length; n++) bytes[n] = letters.charCodeAt(n);
  return bytes;
}
