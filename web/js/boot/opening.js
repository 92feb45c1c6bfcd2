/**
 * The picture that comes with the page: the latest IDR of the live, shown until a player has one. It needs no connection, and no player.
 */
import { fitOf } from '../page/fit.js';

/**
 * Decodes and shows it, where the browser can decode by itself; not over the picture of a player that was quicker.
 * @param {Document} document
 */
export function show(document) {
  const opening = document.getElementById('opening');
  if (!opening || !('VideoDecoder' in self)) return;
  const { codec = '', description = '' } = opening.dataset;
  const decoder = new VideoDecoder({
    output: (frame) => place(frame, document),
    error: () => {}, // the player will meet the same, and say so
  });
  decoder.configure({ codec, description: bytes(description), optimizeForLatency: true });
  decoder.decode(new EncodedVideoChunk({ type: 'key', timestamp: 0, data: bytes(opening.textContent ?? '') }));
  decoder.flush().then(() => decoder.close()).catch(() => {});
  opening.remove();
}

/**
 * @param {VideoFrame} frame
 * @param {Document} document
 */
function place(frame, document) {
  const stage = document.getElementById('stage');
  const still = document.getElementById('still');
  if (!stage || !(still instanceof HTMLCanvasElement)) {
    // It was quicker than the page.
    requestAnimationFrame(() => place(frame, document));
    return;
  }
  if (!stage.classList.contains('playing')) draw(frame, stage, still);
  frame.close();
}

/**
 * @param {VideoFrame} frame
 * @param {HTMLElement} stage
 * @param {HTMLCanvasElement} still
 */
function draw(frame, stage, still) {
  [still.width, still.height] = [frame.displayWidth, frame.displayHeight];
  still.getContext('2d', { alpha: false })?.drawImage(frame, 0, 0);
  stage.dataset.fit = fitOf(still.width / still.height, innerWidth / innerHeight);
  still.hidden = false;
}

/** @param {string} base64 */
function bytes(base64) {
  const letters = atob(base64);
  const made = new Uint8Array(letters.length);
  // A call for each of them would take longer than the decoder.
  for (let n = 0; n < made.length; n++) made[n] = letters.charCodeAt(n);
  return made;
}
