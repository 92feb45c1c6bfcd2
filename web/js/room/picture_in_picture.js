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
  await standIn.video.play();
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
  if ('captureStream' in element && element instanceof HTMLVideoElement) return { stream: /** @type {any} */ (element).captureStream(), stop: () => {} };
  if (!Generator || !player.mirror) return copyOf(element);
  const track = new Generator({ kind: 'video' });
  player.mirror(track.writable);
  const stop = () => {
    player.mirror?.(null);
    track.stop();
  };
  return { stream: new MediaStream([track]), stop };
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
  const stream = copy.captureStream();
  const stop = () => {
    cancelAnimationFrame(request);
    stream.getTracks().forEach((each) => each.stop());
  };
  return { stream, stop };
}

/** @param {HTMLCanvasElement | HTMLVideoElement} element */
function sizeOf(element) {
  return element instanceof HTMLVideoElement ? { width: element.videoWidth, height: element.videoHeight } : element;
}
