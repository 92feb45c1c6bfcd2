/** The picture in a small window over everything else. Browsers know that for video elements only: a canvas gets one that shows the same. */

/** @typedef {import('../watch/player.js').Player} Player */

/** @type {{video: HTMLVideoElement, stop: () => void} | null} what stands in for a canvas, or for what took its place */
let standIn = null;

/**
 * Opens the window, in a user's tap, or closes it.
 * @param {Player} player
 * @param {() => void} closed
 * @throws {DOMException} when the browser will not
 */
export async function togglePictureInPicture(player, closed) {
  if (document.pictureInPictureElement) return document.exitPictureInPicture();
  end();
  const left = new AbortController();
  try {
    const video = player.element instanceof HTMLVideoElement ? player.element : await mirror(player, player.element);
    video.disablePictureInPicture = false;
    const leave = () => {
      left.abort();
      end();
      closed();
    };
    video.addEventListener('leavepictureinpicture', leave, { signal: left.signal });
    await video.requestPictureInPicture();
  } catch (error) {
    left.abort();
    end();
    throw error;
  }
}

/**
 * Another player shows the room from now on: so does the window, if one is open.
 * @param {Player} player
 */
export async function followPlayer(player) {
  if (!standIn) return;
  standIn.stop();
  const { stream, stop } = streamOf(player, player.element);
  standIn.stop = stop;
  standIn.video.srcObject = stream;
  await standIn.video.play().catch(() => {}); // it was closed, or went to yet another player, meanwhile
}

function end() {
  if (!standIn) return;
  standIn.stop();
  standIn.video.srcObject = null;
  standIn = null;
}

/**
 * @param {Player} player
 * @param {HTMLCanvasElement} canvas
 */
async function mirror(player, canvas) {
  const { stream, stop } = streamOf(player, canvas);
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = stream;
  standIn = { video, stop };
  await video.play();
  return video;
}

/**
 * What a canvas captures comes with the page's rendering, and a page that is hidden behind others renders nothing. Frames that are handed over by the
 * player do not wait for that.
 * @param {Player} player
 * @param {HTMLCanvasElement | HTMLVideoElement} element
 */
function streamOf(player, element) {
  const Generator = /** @type {any} */ (window).MediaStreamTrackGenerator;
  if (element instanceof HTMLVideoElement && 'captureStream' in element) return stoppable(/** @type {any} */ (element).captureStream());
  if (!Generator || !player.mirror) return copyOf(element);
  const track = new Generator({ kind: 'video' });
  player.mirror(track.writable);
  return stoppable(new MediaStream([track]), () => player.mirror?.(null));
}

/**
 * A canvas that a worker draws on cannot be captured everywhere; one with the same picture can.
 * @param {HTMLCanvasElement | HTMLVideoElement} element
 */
function copyOf(element) {
  const copy = document.createElement('canvas');
  const context = copy.getContext('2d', { alpha: false });
  let request = 0;
  const draw = () => {
    const { width, height } = sizeOf(element);
    if (copy.width !== width || copy.height !== height) [copy.width, copy.height] = [width, height];
    context?.drawImage(element, 0, 0);
    request = requestAnimationFrame(draw);
  };
  draw();
  return stoppable(copy.captureStream(), () => cancelAnimationFrame(request));
}

/**
 * @param {MediaStream} stream
 * @param {() => void} [before]
 */
function stoppable(stream, before = () => {}) {
  const stop = () => {
    before();
    stream.getTracks().forEach((track) => track.stop());
  };
  return { stream, stop };
}

/** @param {HTMLCanvasElement | HTMLVideoElement} element */
function sizeOf(element) {
  return element instanceof HTMLVideoElement ? { width: element.videoWidth, height: element.videoHeight } : element;
}
