/**
 * Sends requests about clips to the server's HTTP API (server/API.md).
 *
 * @typedef {object} Filmstrip
 * @property {string} url
 * @property {{at: number, x: number, y: number}[]} tiles  `at`: media time, µs; `x`, `y`: px
 * @property {number} width   of one tile, px
 * @property {number} height
 *
 * @typedef {object} Clip
 * @property {string} id
 * @property {string} room
 * @property {'making' | 'draft' | 'waiting' | 'published'} state
 * @property {string} title
 * @property {string} caption  shown over the clip, one line after another
 * @property {number} start  media time, µs
 * @property {number} end
 * @property {number} from   how far the handles of a draft may go, µs
 * @property {number} until
 * @property {number[]} keyframes  possible starts of a draft, media times, µs
 * @property {number} duration  s
 * @property {number} width
 * @property {number} height
 * @property {string} video     URL
 * @property {string | null} poster
 * @property {Filmstrip | null} filmstrip
 * @property {number} created_at  Unix seconds
 * @property {boolean} mine  whether the reader made the clip
 * @property {import('../people/people_api.js').Person | null} person  who made the clip, for the
 *   creator; null if a program of the creator made the clip
 * @property {'viewer' | 'highlight' | 'replay'} source
 */
import { BROWSER } from '../page/environment.js';
import { bearer, json, request } from './request.js';
import { RoomApi, roomPath } from './room_api.js';

const PATIENCE = 20_000; // ms in which even a busy server makes the files of a clip
const [SHORTEST, LONGEST] = [5, 60]; // length of a clip, s

/** @param {string} clip */
const clipPath = (clip) => `/api/clips/${encodeURIComponent(clip)}`;

/** The clips of one room. */
export class ClipsApi extends RoomApi {
  #room;
  #key;

  /**
   * @param {string} room
   * @param {string | null} [key]  the creator key; without it, the cookie identifies the person
   */
  constructor(room, key = null) {
    super(room, key);
    this.#room = room;
    this.#key = key;
  }

  /**
   * Makes the draft of a clip that ends at a media time.
   * @param {number} end  µs
   * @param {number} [seconds]
   * @returns {Promise<Clip>}
   */
  make(end, seconds = 30) {
    return this.#request(`${roomPath(this.#room)}/clips`, 'POST', { end, seconds });
  }

  /**
   * Publishes one of the best moments of the live as a clip.
   * @param {import('./live_api.js').Moment} moment
   * @returns {Promise<Clip>} in the state `waiting` if clips need the approval of the creator
   */
  publishMoment({ start, end }) {
    const seconds = Math.min(LONGEST, Math.max(SHORTEST, (end - start) / 1_000_000));
    const body = { end, seconds, source: 'highlight', publish: true };
    return this.#request(`${roomPath(this.#room)}/clips`, 'POST', body);
  }

  /** @returns {Promise<Clip[]>} the newest first */
  async list() {
    return (await this.send('/clips')).clips;
  }

  /**
   * @param {string} clip
   * @returns {Promise<Clip>}
   */
  read(clip) {
    return this.#ask(clip);
  }

  /**
   * Makes the final file of a draft.
   * @param {string} clip
   * @param {{start: number, end: number, title: string, caption?: string}} choice
   * @returns {Promise<Clip>}
   */
  save(clip, choice) {
    return this.#ask(clip, 'PUT', choice);
  }

  /**
   * @param {string} clip
   * @param {{title: string, caption: string}} words
   * @returns {Promise<Clip>}
   */
  change(clip, words) {
    return this.#ask(clip, 'PATCH', words);
  }

  /** @param {string} clip */
  delete(clip) {
    return this.#ask(clip, 'DELETE');
  }

  /** @param {string} clip  a clip that was deleted at most 10 s ago */
  restore(clip) {
    return this.#ask(clip, 'POST', {}, '/restore');
  }

  /** @param {string} clip */
  approve(clip) {
    return this.#ask(clip, 'POST', {}, '/approve');
  }

  /**
   * @param {string} clip
   * @param {string} [method]
   * @param {object} [body]
   * @param {string} [more]  end of the path
   * @returns {Promise<any>}
   */
  #ask(clip, method = 'GET', body, more = '') {
    return this.#request(clipPath(clip) + more, method, body);
  }

  /**
   * @param {string} path
   * @param {string} method
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  #request(path, method, body) {
    const signal = BROWSER.timeoutSignal(PATIENCE);
    return request(path, { ...json(method, body), ...bearer(this.#key), signal });
  }
}

/** @param {string} clip */
export function clipQrUrl(clip) {
  return `${clipPath(clip)}/qr.svg`;
}
