/**
 * The screen on which a WebCodecs player shows its frames: a canvas, or a video track that a video
 * element plays. This module needs no document, so that it runs in a worker as well as in a page.
 *
 * The video element shows a frame one screen refresh earlier than a canvas on which a worker draws.
 * Only some browsers can make a video track of frames (MediaStreamTrackGenerator).
 *
 * @typedef {object} Screen
 * @property {(frame: VideoFrame) => void} show  shows the frame and closes it
 * @property {() => void} repeat  shows the last frame again, because the element has joined late or
 *   was paused
 * @property {boolean} resting  whether the element may be paused: the last frame is then kept
 * @property {() => void} close
 *
 * @typedef {HTMLCanvasElement | OffscreenCanvas | WritableStream<VideoFrame>} Surface
 */
const WAITING = 3; // frames that may wait for the track; further frames are dropped

/**
 * @param {Surface} surface a canvas, or the stream of a video track
 * @returns {Screen}
 */
export function screenOn(surface) {
  return 'getWriter' in surface ? new TrackScreen(surface) : new CanvasScreen(surface);
}

class CanvasScreen {
  resting = false;
  #canvas;
  #context;

  /** @param {HTMLCanvasElement | OffscreenCanvas} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    // Without alpha the browser composites nothing behind the canvas.
    const context = canvas.getContext('2d', { alpha: false, desynchronized: false });
    if (!context) throw new Error('this browser has no 2D canvas');
    this.#context = /** @type {CanvasRenderingContext2D} */ (context);
  }

  /** @param {VideoFrame} frame */
  show(frame) {
    const { displayWidth, displayHeight } = frame;
    // Setting the size clears the canvas.
    if (this.#canvas.width !== displayWidth || this.#canvas.height !== displayHeight) {
      this.#canvas.width = displayWidth;
      this.#canvas.height = displayHeight;
    }
    this.#context.drawImage(frame, 0, 0, displayWidth, displayHeight);
    frame.close();
  }

  repeat() {}

  close() {}
}

class TrackScreen {
  #writer;
  #waiting = 0;
  #joined = false;
  #resting = false;
  /** @type {VideoFrame | null} a copy of the last frame, until the element has joined or plays */
  #last = null;

  /** @param {WritableStream<VideoFrame>} stream */
  constructor(stream) {
    this.#writer = stream.getWriter();
  }

  /** @param {VideoFrame} frame */
  show(frame) {
    if (!this.#joined || this.#resting) {
      this.#drop();
      this.#last = frame.clone();
    }
    this.#write(frame);
  }

  repeat() {
    this.#joined = true;
    const last = this.#last;
    if (!last) return;
    if (!this.#resting) this.#last = null;
    this.#write(this.#resting ? last.clone() : last);
  }

  get resting() {
    return this.#resting;
  }

  set resting(resting) {
    this.#resting = resting;
    if (!resting && this.#joined) this.#drop();
  }

  close() {
    this.#drop();
    this.#writer.close().catch(() => {});
  }

  /** @param {VideoFrame} frame */
  #write(frame) {
    if (this.#waiting >= WAITING) return frame.close();
    this.#waiting++;
    this.#writer
      .write(frame)
      .catch(() => frame.close())
      .finally(() => this.#waiting--);
  }

  #drop() {
    this.#last?.close();
    this.#last = null;
  }
}
