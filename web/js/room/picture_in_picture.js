/** The picture in a small window over everything else. Browsers know that for video elements only: a canvas gets one that shows the same. */

/** @typedef {import('../watch/player.js').Player} Player */

/** @type {(() => void) | null} ends what stands in for a canvas */
let end = null;

/**
 * Opens the window, in a user's tap, or closes it.
 * @param {Player} player
 * @param {() => void} closed
 * @throws {DOMException} when the browser will not
 */
export async function togglePictureInPicture(player, closed) {
  if (document.pictureInPictureElement) return document.exitPictureInPicture();
  end?.();
  const left = new AbortController();
  try {
    const video = player.element instanceof HTMLVideoElement ? player.element : await mirror(player, player.element);
    video.disablePictureInPicture = false;
    const leave = () => {
      left.abort();
      end?.();
      closed();
    };
    video.addEventListener('leavepictureinpicture', leave, { signal: left.signal });
    await video.requestPictureInPicture();
  } catch (error) {
    left.abort();
    end?.();
    throw error;
  }
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
  end = () => {
    end = null;
    stop();
    video.srcObject = null;
  };
  await video.play();
  return video;
}

/**
 * What a canvas captures comes with the page's rendering, and a page that is hidden behind others renders nothing. Frames that are handed over by the
 * player do not wait for that.
 * @param {Player} player
 * @param {HTMLCanvasElement} canvas
 */
function streamOf(player, canvas) {
  const Generator = /** @type {any} */ (window).MediaStreamTrackGenerator;
  if (!Generator || !player.mirror) return copyOf(canvas);
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
 * @param {HTMLCanvasElement} canvas
 */
function copyOf(canvas) {
  const copy = document.createElement('canvas');
  const context = copy.getContext('2d', { alpha: false });
  let request = 0;
  const draw = () => {
    if (copy.width !== canvas.width || copy.height !== canvas.height) [copy.width, copy.height] = [canvas.width, canvas.height];
    context?.drawImage(canvas, 0, 0);
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
