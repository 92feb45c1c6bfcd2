/**
 * Reads what a decoder needs from the ISO BMFF of a record (relay/PROTOCOL.md): the samples of a
 * fragment, or the decoder parameters in an init segment.
 *
 * @typedef {object} FragmentSample
 * @property {Uint8Array<ArrayBuffer>} data
 * @property {number} offset   µs from the fragment's first sample
 * @property {number} duration µs
 */

const HEADER = 8;
const TRUN = Object.freeze({
  DATA_OFFSET: 0x1,
  FIRST_FLAGS: 0x4,
  DURATION: 0x100,
  SIZE: 0x200,
  FLAGS: 0x400,
  COMPOSITION: 0x800,
});
// bytes before the boxes of a sample entry (ISO/IEC 14496-12 §8.5.2)
const SAMPLE_ENTRY = Object.freeze({ avc1: 78, Opus: 28 });

/**
 * @param {Uint8Array<ArrayBuffer>} body  one `moof` and its `mdat`
 * @param {number} timescale ticks per second
 * @returns {FragmentSample[]}
 * @throws {RangeError} for anything but a valid fragment
 */
export function readSamples(body, timescale) {
  const trun = find(viewOf(body), 'moof', 'traf', 'trun');
  const flags = trun.getUint32(0) & 0xffffff;
  if (!(flags & TRUN.DATA_OFFSET) || !(flags & TRUN.SIZE))
    throw new RangeError('a fragment without sizes');
  const count = trun.getUint32(4);
  let data = trun.getInt32(8);
  let row = 12 + (flags & TRUN.FIRST_FLAGS ? 4 : 0);
  let ticks = 0;
  const samples = [];
  for (let n = 0; n < count; n++) {
    const duration = flags & TRUN.DURATION ? trun.getUint32(row) : 0;
    if (flags & TRUN.DURATION) row += 4;
    const size = trun.getUint32(row);
    row += 4 + (flags & TRUN.FLAGS ? 4 : 0) + (flags & TRUN.COMPOSITION ? 4 : 0);
    if (data + size > body.byteLength) throw new RangeError('a sample ends beyond its fragment');
    samples.push({
      data: body.subarray(data, data + size),
      offset: (ticks * 1e6) / timescale,
      duration: (duration * 1e6) / timescale,
    });
    data += size;
    ticks += duration;
  }
  return samples;
}

/**
 * Reads the video parameters from an init segment. `description` is the body of the `avcC` box,
 * which VideoDecoder needs.
 * @param {Uint8Array<ArrayBuffer>} segment
 */
export function readVideo(segment) {
  const entry = sampleEntry(segment, 'avc1');
  const avcC = find(advance(entry, SAMPLE_ENTRY.avc1), 'avcC');
  const description = new Uint8Array(segment.buffer, avcC.byteOffset, avcC.byteLength).slice();
  return { description, width: entry.getUint16(24), height: entry.getUint16(26) };
}

/**
 * Reads the audio parameters from an init segment.
 * @param {Uint8Array<ArrayBuffer>} segment
 */
export function readAudio(segment) {
  const entry = sampleEntry(segment, 'Opus');
  return { channels: entry.getUint16(16) };
}

/**
 * @param {Uint8Array<ArrayBuffer>} segment
 * @param {string} kind
 */
function sampleEntry(segment, kind) {
  const stsd = find(viewOf(segment), 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  return find(advance(stsd, 8), kind);
}

/**
 * Returns the body of the first box at `path`, which is a list of nested box names.
 * @param {DataView<ArrayBuffer>} view
 * @param {...string} path
 * @returns {DataView<ArrayBuffer>}
 */
function find(view, ...path) {
  const [kind, ...rest] = path;
  for (let at = 0; at + HEADER <= view.byteLength;) {
    const size = view.getUint32(at);
    if (size < HEADER || at + size > view.byteLength) break;
    const name = String.fromCharCode(
      view.getUint8(at + 4),
      view.getUint8(at + 5),
      view.getUint8(at + 6),
      view.getUint8(at + 7),
    );
    if (name === kind) {
      const body = new DataView(view.buffer, view.byteOffset + at + HEADER, size - HEADER);
      return rest.length ? find(body, ...rest) : body;
    }
    at += size;
  }
  throw new RangeError(`no ${kind} box`);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * @param {DataView<ArrayBuffer>} view
 * @param {number} by
 */
function advance(view, by) {
  return new DataView(view.buffer, view.byteOffset + by, view.byteLength - by);
}
