/**
 * Parses the records of a binary WebSocket message (relay/PROTOCOL.md, "Record").
 *
 * @typedef {object} MediaRecord
 * @property {number} kind        one of KIND
 * @property {number} slot        number of the stream in the room; the creator's stream has 0
 * @property {number} track       one of TRACK
 * @property {number} flags       FLAG bits
 * @property {number} epoch
 * @property {number} sequence
 * @property {number} mediaTime   µs, the stream's own clock
 * @property {number} captureTime µs, the server's clock
 * @property {number} publishTime µs, the server's clock
 * @property {Uint8Array<ArrayBuffer>} body
 */

export const KIND = Object.freeze({ INIT: 1, MEDIA: 2, EVENT: 3 });
export const TRACK = Object.freeze({ VIDEO: 0, AUDIO: 1, NONE: 255 });
export const FLAG = Object.freeze({
  KEY: 1,
  DISPOSABLE: 2,
  DISCONTINUITY: 4,
  CAPTURE_ESTIMATED: 8,
});

const VERSION = 1;
const HEADER = 44;
const utf8 = new TextDecoder();

/**
 * @param {ArrayBuffer} message
 * @returns {MediaRecord[]}
 * @throws {RangeError} for a message that is cut short or of another version
 */
export function parseRecords(message) {
  const view = new DataView(message);
  const records = [];
  for (let at = 0; at < message.byteLength;) {
    if (view.getUint8(at) !== VERSION) throw new RangeError(`record version ${view.getUint8(at)}`);
    const length = view.getUint32(at + 40);
    if (at + HEADER + length > message.byteLength) throw new RangeError('record cut short');
    records.push({
      kind: view.getUint8(at + 1),
      slot: view.getUint8(at + 2),
      track: view.getUint8(at + 3),
      flags: view.getUint8(at + 4),
      epoch: view.getUint32(at + 8),
      sequence: view.getUint32(at + 12),
      mediaTime: int64(view, at + 16),
      captureTime: int64(view, at + 24),
      publishTime: int64(view, at + 32),
      body: new Uint8Array(message, at + HEADER, length),
    });
    at += HEADER + length;
  }
  return records;
}

/**
 * Splits the body of an init record into the codec string and the init segment.
 * @param {Uint8Array<ArrayBuffer>} body
 */
export function readInit(body) {
  const length = body[0] ?? 0;
  return { codec: utf8.decode(body.subarray(1, 1 + length)), segment: body.subarray(1 + length) };
}

/**
 * Parses the body of an event record. Returns null if the body is not JSON.
 * @param {Uint8Array} body
 * @returns {any}
 */
export function readEvent(body) {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    return null;
  }
}

/**
 * Reads a 64-bit integer as a number. No BigInt is needed, because microseconds since 1970 stay
 * below 2⁵³ until 2255.
 * @param {DataView} view
 * @param {number} at
 */
function int64(view, at) {
  return view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
