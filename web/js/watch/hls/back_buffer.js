/**
 * When to let go of what was played, and up to where. Not left to hls.js: whenever it removes something, it takes the parts of a segment that is half loaded for
 * not loaded (detectEvictedFragments in its fragment tracker, 1.7.4). If then the media of that segment ends a microsecond before the next one begins by
 * the playlist, which is a matter of rounding, it never goes on to the next, and the picture stands until the segment has left the list of parts.
 * Between two segments nothing is half loaded. Pure.
 */

const KEPT = 10; // s behind the playhead
const GRAIN = 1; // s; less is not worth a removal
const MOST = 30; // s; by then it goes, segment or not

/**
 * @param {{position: number, start: number, whole: boolean}} seen  s: the playhead, and where what is loaded begins (NaN while nothing is); whether the
 *   newest segment that there is has been loaded as a whole
 * @returns {number | null} s; all before it may go
 */
export function trimTo({ position, start, whole }) {
  const played = position - start;
  return played > MOST || (whole && played > KEPT + GRAIN) ? position - KEPT : null;
}
