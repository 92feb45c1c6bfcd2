/**
 * Shows a room's frames in a picture-in-picture window. Browsers open this window only for a video
 * element, so the frames of a canvas are copied into a video element. So are the frames of a player
 * that has an element of its own, because the window outlives the player.
 */

/** @typedef {import('../watch/player.js').Player} Player */
/** @typedef {{stream: MediaStream, stop: () => void}} Copy */

export class PictureInPicture {
  /**
   * The video element that plays a copy of the canvas, and a function that stops the copy.
   * @type {{video: HTMLVideoElement, stop: () => void} | null}
   */
  #standIn = null;
  /** The video element that the picture-in-picture window shows. @type {HTMLVideoElement | null} */
  #shown = null;
  #listening = new AbortController();

  /** Whether the picture-in-picture window is open and shows this room. */
  get open() {
    return this.#shown !== null && document.pictureInPictureElement === this.#shown;
  }

  /**
   * Opens or closes the picture-in-picture window. Call this in a user gesture.
   * @param {Player} player
   * @param {() => void} closed
   * @throws {DOMException} if the browser refuses
   */
  async toggle(player, closed) {
    if (document.pictureInPictureElement) return document.exitPictureInPicture();
    this.#end();
    this.#listening = new AbortController();
    try {
      const video =
        player.element instanceof HTMLVideoElement && !player.mirror
          ? player.element
          : await this.#copyOf(player, player.element);
      video.disablePictureInPicture = false;
      const leave = () => {
        this.#end();
        closed();
      };
      video.addEventListener('leavepictureinpicture', leave, { signal: this.#listening.signal });
      await video.requestPictureInPicture();
      this.#shown = video;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /**
   * Shows the frames of the room's new player in the picture-in-picture window.
   * @param {Player} player
   */
  async follow(player) {
    if (!this.#standIn) return;
    this.#standIn.stop();
    const { stream, stop } = streamOf(player, player.element);
    this.#standIn.stop = stop;
    this.#standIn.video.srcObject = stream;
    // Ignore errors: they mean that the window has closed or shows another player already.
    await this.#standIn.video.play().catch(() => {});
  }

  close() {
    if (this.open) document.exitPictureInPicture().catch(() => {});
    this.#end();
  }

  #end() {
    this.#listening.abort();
    this.#shown = null;
    if (!this.#standIn) return;
    this.#standIn.stop();
    this.#standIn.video.srcObject = null;
    this.#standIn = null;
  }

  /**
   * @param {Player} player
   * @param {HTMLCanvasElement | HTMLVideoElement} element
   */
  async #copyOf(player, element) {
    const { stream, stop } = streamOf(player, element);
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = stream;
    this.#standIn = { video, stop };
    await video.play();
    return video;
  }
}

/**
 * Returns a player's frames as a MediaStream. If possible, the frames come directly from the
 * player: a canvas is captured only when the page renders, and a page in the background renders
 * nothing.
 * @param {Player} player
 * @param {HTMLCanvasElement | HTMLVideoElement} element
 * @returns {Copy}
 */
function streamOf(player, element) {
  const Generator = /** @type {any} */ (window).MediaStreamTrackGenerator;
  if (element instanceof HTMLVideoElement && 'captureStream' in element && !player.mirror)
    return stoppable(/** @type {any} */ (element).captureStream());
  if (!Generator || !player.mirror) return copyOf(element);
  const track = new Generator({ kind: 'video' });
  player.mirror(track.writable);
  return stoppable(new MediaStream([track]), () => player.mirror?.(null));
}

/**
 * Draws the element on a second canvas and captures the second canvas as a stream, because some
 * browsers cannot capture a canvas on which a worker draws.
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
  return element instanceof HTMLVideoElement
    ? { width: element.videoWidth, height: element.videoHeight }
    : element;
}
