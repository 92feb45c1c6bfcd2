/**
 * Which moment a frame is of. Frames of WebRTC bear RTP timestamps, which are media time in 90 kHz ticks; once a second the WebSocket tells when a
 * picture of some media time was captured and published (relay/PROTOCOL.md, `media=0`). Between the two the clocks do not part by anything one sees.
 */
import { FLAG } from '../line/record.js';

const VIDEO_RATE = 90_000; // ticks a second

export class CaptureClock {
  estimated = true;
  /** @type {{media: number, capture: number, publish: number} | null} */
  #anchor = null;

  /** @param {import('../line/record.js').MediaRecord} record */
  add({ mediaTime, captureTime, publishTime, flags }) {
    this.#anchor = { media: mediaTime, capture: captureTime, publish: publishTime };
    this.estimated = (flags & FLAG.CAPTURE_ESTIMATED) !== 0;
  }

  /**
   * µs on the server's clock; NaN while it is not known.
   * @param {number} rtpTimestamp 32 bits, of the picture
   * @returns {{capture: number, publish: number}}
   */
  of(rtpTimestamp) {
    const { capture, publish } = this.#anchor ?? { capture: NaN, publish: NaN };
    const since = this.since(rtpTimestamp, VIDEO_RATE);
    return { capture: capture + since, publish: publish + since };
  }

  /**
   * µs of media time since the picture that was told of last, so the same for sound and picture of one moment; NaN while none was.
   * @param {number} rtpTimestamp 32 bits
   * @param {number} rate ticks a second
   */
  since(rtpTimestamp, rate) {
    if (!this.#anchor) return NaN;
    const ticks = Math.round((this.#anchor.media * rate) / 1e6);
    // The shorter way round the wrap at 2³².
    return (((rtpTimestamp - ticks) | 0) / rate) * 1e6;
  }
}
