/**
 * One SourceBuffer and its queue. All waiting entries are appended in one call, because each call
 * has a fixed cost.
 */

/**
 * Maximum number of entries in the queue: about half a minute of media. A longer queue means that
 * the player does not work.
 */
const QUEUE_LIMIT = 1_000;

/**
 * An entry of the queue: an init segment with its `mime`, or a fragment, whose `mime` is null.
 * @typedef {{data: Uint8Array<ArrayBuffer>, mime: string | null}} Entry
 */

export class TrackBuffer {
  #environment;
  #buffer;
  #source;
  #mime;
  #batch;
  #broken;
  /** @type {Entry[]} */
  #queue = [];
  #timer = 0;
  #appendedAt = -Infinity;
  /** @type {number | null} */
  #trimTo = null;

  /**
   * @param {MediaSource} source
   * @param {string} mime
   * @param {object} options
   * @param {number} options.batch ms between appends; WebKit stops for good on appends of single
   *   frames
   * @param {number} options.offset   s added to every timestamp
   * @param {(reason: string) => void} options.broken
   * @param {Readonly<import('../../page/environment.js').Environment>} options.environment
   */
  constructor(source, mime, { batch, offset, broken, environment }) {
    this.#environment = environment;
    this.#source = source;
    this.#mime = mime;
    this.#batch = batch;
    this.#broken = broken;
    this.#buffer = source.addSourceBuffer(mime);
    this.#buffer.mode = 'segments';
    this.#buffer.timestampOffset = offset;
    this.#buffer.onupdateend = () => this.#pump();
  }

  /** @returns {TimeRanges | null} null once the SourceBuffer was removed from its MediaSource */
  get buffered() {
    try {
      return this.#buffer.buffered;
    } catch {
      return null;
    }
  }

  /**
   * @param {string} mime
   * @param {Uint8Array<ArrayBuffer>} segment an init segment
   * @param {Uint8Array<ArrayBuffer>[]} [fragments] media that follows the init segment in the same
   *   append
   */
  init(mime, segment, fragments = []) {
    this.#queue.push({ data: segment, mime }, ...fragments.map((data) => ({ data, mime: null })));
    this.#pump();
  }

  /** @param {Uint8Array<ArrayBuffer>} fragment */
  append(fragment) {
    this.#queue.push({ data: fragment, mime: null });
    if (this.#queue.length > QUEUE_LIMIT)
      return this.#broken('the media buffer takes no more media');
    this.#pump();
  }

  /**
   * Removes the media before the position `seconds`.
   * @param {number} seconds
   */
  trim(seconds) {
    const ranges = this.buffered;
    if (!ranges?.length || ranges.start(0) > seconds - 3) return;
    this.#trimTo = seconds;
    this.#pump();
  }

  close() {
    this.#environment.clearTimeout(this.#timer);
    this.#queue = [];
    this.#buffer.onupdateend = null;
  }

  #pump() {
    if (this.#buffer.updating || this.#source.readyState !== 'open') return;
    if (this.#trimTo !== null) {
      this.#buffer.remove(0, this.#trimTo);
      this.#trimTo = null;
      return;
    }
    if (!this.#queue.length) return;
    const wait = this.#appendedAt + this.#batch - this.#environment.now();
    if (wait > 0) {
      this.#timer ||= this.#environment.setTimeout(() => {
        this.#timer = 0;
        this.#pump();
      }, wait);
      return;
    }
    this.#append(this.#take());
  }

  /**
   * Returns the entries that can be appended in one call: all entries up to the next codec change.
   * Removes these entries from the queue.
   */
  #take() {
    const changes = this.#queue.findIndex(
      ({ mime }, n) => n > 0 && mime !== null && mime !== this.#mime,
    );
    return this.#queue.splice(0, changes < 0 ? this.#queue.length : changes);
  }

  /** @param {Entry[]} entries */
  #append(entries) {
    const mime = entries[0]?.mime ?? this.#mime;
    try {
      if (mime !== this.#mime) this.#changeType(mime);
      this.#buffer.appendBuffer(join(entries.map(({ data }) => data)));
      this.#appendedAt = this.#environment.now();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError')
        return this.#broken(String(error));
      this.#makeRoom(entries);
    }
  }

  /**
   * Changes the MIME type of the SourceBuffer. Some browsers may need this for a new level or
   * profile, but no tested browser does.
   * @param {string} mime
   */
  #changeType(mime) {
    this.#mime = mime;
    try {
      this.#buffer.changeType(mime);
    } catch {
      // If changeType is missing, the new init segment is enough.
    }
  }

  /**
   * Removes the older half of the media and appends the entries again. Call this if the browser's
   * quota is exhausted.
   * @param {Entry[]} entries
   */
  #makeRoom(entries) {
    const ranges = this.buffered;
    if (!ranges?.length) return this.#broken('the media buffer is full');
    this.#queue.unshift(...entries);
    const start = ranges.start(0);
    this.#buffer.remove(0, start + Math.max(0.5, (ranges.end(ranges.length - 1) - start) / 2));
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>[]} parts
 * @returns {Uint8Array<ArrayBuffer>}
 */
function join(parts) {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
