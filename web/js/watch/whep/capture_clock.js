/**
 * Which moment a frame is of. Frames of WebRTC bear RTP timestamps, which are media time in 90 kHz ticks; once a second the WebSocket tells when a
 * picture of some media time was captured and published (relay/PROTOCOL.md, `media=0`). Between the two the clocks do not part by anything one sees.
 */
import { FLAG } from '../record.js';

const TICKS_PER_MICROSECOND = 0.09;

export class CaptureClock {
  estimated = true;
  /** @type {{ticks: number, capture: number, publish: number} | null} */
  #anchor = null;

  /** @param {import('../record.js').MediaRecord} record */
  add({ mediaTime, captureTime, publishTime, flags }) {
    this.#anchor = { ticks: Math.round(mediaTime * TICKS_PER_MICROSECOND), capture: captureTime, publish: publishTime };
    this.estimated = (flags & FLAG.CAPTURE_ESTIMATED) !== 0;
  }

  /**
   * µs on the server's clock; NaN while it is not known.
   * @param {number} rtpTimestamp 32 bits
   * @returns {{capture: number, publish: number}}
   */
  of(rtpTimestamp) {
    const anchor = this.#anchor;
    if (!anchor) return { capture: NaN, publish: NaN };
    // The shorter way round the wrap at 2³².
    const since = ((rtpTimestamp - anchor.ticks) | 0) / TICKS_PER_MICROSECOND;
    return { capture: anchor.capture + since, publish: anchor.publish + since };
  }
}
