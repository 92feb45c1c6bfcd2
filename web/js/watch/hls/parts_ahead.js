/**
 * Requests parts before hls.js does. hls.js requests a part only after the playlist has listed it,
 * and requests parts one after the other: each part would take a round trip, and a path whose round
 * trip is longer than a part could not play at all. The server holds back the answer to a request
 * for the part in the preload hint until the part exists, so the part arrives together with its
 * playlist.
 *
 * @typedef {import('../../../vendor/hls.light.min.js').Details} Details
 * @typedef {import('../../../vendor/hls.light.min.js').LoaderClass} LoaderClass
 * @typedef {import('../../../vendor/hls.light.min.js').Context} Context
 * @typedef {import('../../../vendor/hls.light.min.js').Callbacks} Callbacks
 * @typedef {Pick<import('../../page/environment.js').Environment, 'fetch' | 'now' |
 *   'timeoutSignal'>} Environment
 */

const NEWEST = 3; // listed parts that are requested together
const UNUSED = 6; // maximum number of requested parts that hls.js has not asked for
const REMEMBERED = 20; // URLs of the newest parts
const WITHIN = 8_000; // ms until a part has arrived: the server answers after 6 s at the latest

export class PartsAhead {
  #environment;
  /** @type {Map<string, Promise<ArrayBuffer>>} parts that hls.js has not asked for, by URL */
  #requested = new Map();
  /** @type {string[]} URLs of the parts that were requested, by this class or by hls.js */
  #known = [];
  /** Whether hls.js asks for parts. While it loads whole segments, parts would be loaded in vain. */
  #used = false;

  /** @param {Environment} environment */
  constructor(environment) {
    this.#environment = environment;
  }

  /**
   * Takes a new playlist. Requests its newest parts and the part that its preload hint announces.
   * @param {Details} details
   */
  expect({ partList, preloadHint, url }) {
    if (!this.#used || !partList) return;
    const listed = partList.slice(-NEWEST).filter((part) => !part.gap);
    const hint = preloadHint?.TYPE === 'PART' ? [new URL(preloadHint.URI, url).href] : [];
    for (const part of [...listed.map((part) => part.url), ...hint])
      if (!this.#known.includes(part)) this.#request(part);
    while (this.#requested.size > UNUSED) {
      this.#requested.delete(this.#requested.keys().next().value ?? '');
      this.#used = false;
    }
  }

  /**
   * Returns the content of a part; null if the part was not requested before. The promise is
   * rejected if the part could not be loaded.
   * @param {string} url
   */
  take(url) {
    this.#used = true;
    const part = this.#requested.get(url);
    if (!part) {
      this.#remember(url);
      return null;
    }
    for (const each of this.#requested.keys()) {
      this.#requested.delete(each);
      if (each === url) break;
    }
    return part;
  }

  /**
   * Returns a loader for hls.js that takes parts from here.
   * @param {LoaderClass} Base  hls.js's own loader, for everything else
   * @returns {LoaderClass}
   */
  loader(Base) {
    const [ahead, now] = [this, this.#environment.now];
    return class extends Base {
      /** @type {(() => void) | null} */
      #abort = null;
      #left = false;

      /**
       * @param {Context} context
       * @param {object} config
       * @param {Callbacks} callbacks
       */
      load(context, config, callbacks) {
        const part = context.part && ahead.take(context.url);
        if (!part) return super.load(context, config, callbacks);
        const [begun, stats] = [now(), this.stats];
        this.#abort = () => callbacks.onAbort?.(stats, context, null);
        part.then(
          (data) => {
            if (this.#left) return;
            this.#abort = null;
            stats.loading = { start: begun, first: now(), end: now() };
            stats.loaded = stats.total = data.byteLength;
            callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
          },
          () => {
            if (this.#left) return;
            this.#abort = null;
            super.load(context, config, callbacks);
          },
        );
      }

      abort() {
        if (!this.#abort) return super.abort();
        this.#left = true;
        this.#abort();
        this.#abort = null;
      }

      destroy() {
        this.#left = true;
        super.destroy();
      }
    };
  }

  /** @param {string} url */
  #request(url) {
    this.#remember(url);
    const part = this.#load(url);
    part.catch(() => {}); // the loader requests the part again if it is needed
    this.#requested.set(url, part);
  }

  /** @param {string} url */
  #remember(url) {
    this.#known.push(url);
    this.#known.splice(0, this.#known.length - REMEMBERED);
  }

  /** @param {string} url */
  async #load(url) {
    const answer = await this.#environment.fetch(url, {
      signal: this.#environment.timeoutSignal(WITHIN),
    });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return answer.arrayBuffer();
  }
}
