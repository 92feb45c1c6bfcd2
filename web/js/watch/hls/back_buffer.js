/**
 * Decides when to remove played media from the buffer, and up to which position. Media is normally
 * removed only when no segment is half loaded. hls.js must not decide this, because of a defect in
 * detectEvictedFragments (fragment tracker, 1.7.4): each removal marks the parts of a half-loaded
 * segment as not loaded. If rounding then makes this segment end a microsecond before the next
 * segment starts, hls.js never loads the next segment. The video then stops until the playlist no
 * longer lists the parts of the half-loaded segment. Pure.
 */

const KEPT = 10; // s of media that are kept behind the playhead
const GRAIN = 1; // minimum duration of the media to remove, s
const MOST = 30; // s of played media above which media is removed even if a segment is half loaded

/**
 * @param {{position: number, start: number, whole: boolean}} seen  `position`: playhead, s;
 *   `start`: start of the loaded media, s, NaN without media; `whole`: no segment is half loaded
 * @returns {number | null} position before which the media must be removed, s; null for none
 */
export function trimTo({ position, start, whole }) {
  const played = position - start;
  return played > MOST || (whole && played > KEPT + GRAIN) ? position - KEPT : null;
}
