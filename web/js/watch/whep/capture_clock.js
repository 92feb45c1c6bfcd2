/**
 * Computes the capture time of a WebRTC frame from its RTP timestamp, which is media time in 90 kHz
 * ticks. Once a second the WebSocket reports the capture time and the publish time of one media
 * time (relay/PROTOCOL.md, `media=0`). Between two reports, the drift of the clocks is negligible.
 */
import { FLAG } from '../line/record.js';

const VIDEO_RATE = 90_000; // ticks per second

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
   * Returns the capture time and the publish time of a frame, µs of the server's clock; NaN while
   * unknown.
   * @param {number} rtpTimestamp 32 bits, of the frame
   * @returns {{capture: number, publish: number}}
   */
  of(rtpTimestamp) {
    const { capture, publish } = this.#anchor ?? { capture: NaN, publish: NaN };
    const since = this.since(rtpTimestamp, VIDEO_RATE);
    return { capture: capture + since, publish: publish + since };
  }

  /**
   * Returns the media time from the last report to the timestamp, µs; NaN before the first report.
   * The result is equal for audio and video of the same moment.
   * @param {number} rtpTimestamp 32 bits
   * @param {number} rate ticks per second
   */
  since(rtpTimestamp, rate) {
    if (!this.#anchor) return NaN;
    const ticks = Math.round((this.#anchor.media * rate) / 1e6);
    // RTP timestamps wrap at 2³², so use the shorter distance.
    return (((rtpTimestamp - ticks) | 0) / rate) * 1e6;
  }
}
