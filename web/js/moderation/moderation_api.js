/**
 * Sends the requests of creators and moderators about one room to the server's HTTP API
 * (server/API.md). With the creator key, the requests are those of the creator; without the key,
 * the cookie says who the moderator is.
 *
 * @typedef {object} ChatSettings
 * @property {number} [slow]  s between two messages of one person; 0: no slow mode
 * @property {boolean} [followers_only]
 * @property {boolean} [chat]   false: the chat is off
 * @property {boolean} [links]  links in messages can be tapped
 * @property {boolean} [joins]  the chat says who joined
 *
 * @typedef {ChatSettings & {title?: string, visibility?: 'public' | 'unlisted' | 'private'}}
 *   RoomChanges
 *
 * @typedef {import('../people/people_api.js').Person} Person
 *
 * @typedef {object} HeldMessage
 * @property {number} n
 * @property {Person} person
 * @property {string} text
 * @property {number} at  ms
 *
 * @typedef {object} RoomReport
 * @property {string} id
 * @property {string} reason
 * @property {string} text
 * @property {string} state
 * @property {string | null} [answer]
 * @property {{n: number, text: string} | null} [message]
 * @property {Person | null} [person]
 * @property {number} at Unix seconds
 *
 * @typedef {object} LogEntry
 * @property {number} at Unix seconds
 * @property {Person | null} moderator  null: the creator's program, by key
 * @property {string} action
 * @property {string} target
 * @property {string} detail
 */
import { bearer, json, request } from '../api/request.js';

export class ModerationApi {
  #path;
  #key;

  /**
   * @param {string} room
   * @param {string | null} [key]
   */
  constructor(room, key = null) {
    this.#path = `/api/rooms/${encodeURIComponent(room)}`;
    this.#key = key;
  }

  /** @param {RoomChanges} changes */
  change(changes) {
    return this.#send('', 'PATCH', changes);
  }

  /** @param {number} n */
  remove(n) {
    return this.#send(`/messages/${n}`, 'DELETE');
  }

  /** @param {number} n */
  restore(n) {
    return this.#send(`/messages/${n}/restore`, 'POST', {});
  }

  /** @param {number | null} n  null unpins */
  pin(n) {
    return n === null ? this.#send('/pin', 'DELETE') : this.#send('/pin', 'PUT', { message: n });
  }

  /**
   * @param {string} person
   * @param {60 | 600 | 0} seconds  0 ends the mute
   */
  mute(person, seconds) {
    return this.#person('mutes', person, seconds ? { seconds } : null);
  }

  /**
   * @param {string} person
   * @param {'live' | 'good' | 'none'} how_long
   */
  ban(person, how_long) {
    const body = how_long === 'none' ? null : { for_good: how_long === 'good' };
    return this.#person('bans', person, body);
  }

  /**
   * @param {string} person
   * @param {boolean} moderates
   */
  setModerator(person, moderates) {
    return this.#person('moderators', person, moderates ? {} : null);
  }

  /** @returns {Promise<string[]>} */
  async words() {
    return (await this.#send('/words', 'GET')).words;
  }

  /** @param {string[]} words */
  setWords(words) {
    return this.#send('/words', 'PUT', { words });
  }

  /** @param {boolean} on */
  shield(on) {
    return on ? this.#send('/shield', 'PUT', {}) : this.#send('/shield', 'DELETE');
  }

  /** @returns {Promise<HeldMessage[]>} */
  async held() {
    return (await this.#send('/held', 'GET')).messages;
  }

  /**
   * @param {number} n
   * @param {boolean} shown  false rejects the message
   */
  decideHeld(n, shown) {
    return this.#send(`/held/${n}`, shown ? 'POST' : 'DELETE', shown ? {} : undefined);
  }

  /** @returns {Promise<RoomReport[]>} */
  async reports() {
    return (await this.#send('/reports', 'GET')).reports;
  }

  /**
   * @param {string} report
   * @param {string} decision
   */
  decide(report, decision) {
    return this.#send(`/reports/${encodeURIComponent(report)}`, 'PUT', { decision });
  }

  /** @returns {Promise<LogEntry[]>} the newest first */
  async log() {
    return (await this.#send('/log', 'GET')).log;
  }

  /**
   * @param {string} list
   * @param {string} person
   * @param {object | null} body  null removes the person from the list
   */
  #person(list, person, body) {
    const path = `/${list}/${encodeURIComponent(person)}`;
    return body ? this.#send(path, 'PUT', body) : this.#send(path, 'DELETE');
  }

  /**
   * @param {string} path
   * @param {string} method
   * @param {object} [body]
   */
  #send(path, method, body) {
    return request(this.#path + path, { ...json(method, body), ...bearer(this.#key) });
  }
}
