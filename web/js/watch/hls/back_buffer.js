/**
 * Decides when to remove played media from the buffer, and up to which position. Media is normally
 * removed only when no segment is half loaded. hls.js must not decide this, because of a defect in
 * detectEvictedFragments (fragment tracker, 1.7.4): each removal marks the parts of a half-loaded
 * segment as not loaded. If rounding then makes this segment end a microsecond before the next
 * segment starts, hls.js never loads the next segment. The video then stops until the playlist no
 * longer lists the parts of the half-loaded segment. Pure.
 */

const KEPT = 10; // s behind the playhead
const GRAIN = 1; // s; less is not removed
const MOST = 30; // s; more is removed, even within a segment

/**
 * @param {{position: number, start: number, whole: boolean}} seen  s: playhead and start of the
 *   loaded media (NaN without any); whether the newest segment is loaded completely
 * @returns {number | null} s; media before it may be removed
 */
export function trimTo({ position, start, whole }) {
  const played = position - start;
  return played > MOST || (whole && played > KEPT + GRAIN) ? position - KEPT : null;
}
