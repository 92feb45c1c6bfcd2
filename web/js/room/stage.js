/**
 * The picture and what surrounds it: fitted by orientation, over a soft copy of itself, and held while a player is replaced.
 */

const MAY_CROP = 0.3; // of the picture, when it lies the same way as the screen

export class Stage {
  #root;
  #video;
  #backdrop;
  #still;
  #timer;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   * @param {HTMLCanvasElement} backdrop
   * @param {HTMLCanvasElement} still
   */
  constructor(root, video, backdrop, still) {
    this.#root = root;
    this.#video = video;
    this.#backdrop = backdrop;
    this.#still = still;
    const { signal } = this.#listening;
    video.addEventListener('resize', () => this.#fit(), { signal });
    window.addEventListener('resize', () => this.#fit(), { signal });
    this.#timer = window.setInterval(() => this.#soften(), 1_000);
  }

  close() {
    this.#listening.abort();
    window.clearInterval(this.#timer);
  }

  /** Keeps the last picture in view while the video element has none. */
  hold() {
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth || this.#video.readyState < 2) return;
    this.#still.width = videoWidth;
    this.#still.height = videoHeight;
    this.#still.getContext('2d')?.drawImage(this.#video, 0, 0);
    this.#still.hidden = false;
  }

  /** A new picture is here. */
  release() {
    this.#still.hidden = true;
    this.#fit();
    this.#soften();
  }

  /** Fills the screen when little is lost by it, else shows the whole picture. */
  #fit() {
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth || !videoHeight) return;
    const picture = videoWidth / videoHeight;
    const screen = innerWidth / innerHeight;
    const shown = Math.min(picture, screen) / Math.max(picture, screen);
    this.#root.dataset.fit = (picture > 1) === (screen > 1) && 1 - shown <= MAY_CROP ? 'cover' : 'contain';
  }

  /** Sixteen pixels blur better than any filter, and cost nothing. */
  #soften() {
    if (this.#root.dataset.fit === 'cover' || this.#video.readyState < 2 || document.hidden) return;
    this.#backdrop.getContext('2d')?.drawImage(this.#video, 0, 0, this.#backdrop.width, this.#backdrop.height);
  }
}
