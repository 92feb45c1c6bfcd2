/** Computes the SVG paths of a plot that shows counts over time. Pure. */

/**
 * @typedef {object} Plot
 * @property {string} line  path through the points
 * @property {string} area  the same path, closed at the bottom
 * @property {number} top   the largest count
 * @property {(index: number) => number} x  horizontal position of the count with this index
 */

/**
 * Returns the paths for a plot that fills `width` × `height`. If there are more points than
 * `width`, neighbouring points are added up, so that the path of a long live is not longer.
 * @param {readonly number[]} counts
 * @param {number} width
 * @param {number} height
 * @returns {Plot}
 */
export function plotOf(counts, width, height) {
  const size = Math.max(1, Math.ceil(counts.length / Math.max(2, Math.floor(width / 3))));
  const points = merged(counts, size);
  const top = Math.max(1, ...points);
  const step = points.length > 1 ? width / (points.length - 1) : width;
  const places = points.map((count, n) => [n * step, height - (count / top) * height]);
  const [first] = places;
  if (places.length === 1 && first) places.push([width, /** @type {number} */ (first[1])]);
  const line = places
    .map(([x = 0, y = 0], n) => `${n ? 'L' : 'M'}${round(x)} ${round(y)}`)
    .join('');
  return {
    line,
    area: `${line}L${width} ${height}L0 ${height}Z`,
    top: Math.max(0, ...counts),
    x: (index) => round(Math.floor(index / size) * step),
  };
}

/**
 * @param {readonly number[]} counts
 * @param {number} size  number of counts that become one point
 */
function merged(counts, size) {
  if (!counts.length) return [0];
  const sums = Array.from({ length: Math.ceil(counts.length / size) }, () => 0);
  counts.forEach((count, n) => {
    const place = Math.floor(n / size);
    sums[place] = (sums[place] ?? 0) + count;
  });
  return sums;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
