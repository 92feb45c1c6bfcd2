/**
 * Sends the requests of creators and moderators about one room to the server's HTTP API
 * (server/API.md). A request with the creator key counts as a request of the creator. Without the
 * key, the cookie identifies the person.
 *
 * @typedef {import('../people/people_api.js').Person} Person
 *
 * @typedef {'allowed' | 'approve' | 'off'} ClipsSetting  who may make clips; `approve`: the creator
 *   publishes each clip
 *
 * @typedef {object} ChatSettings  the settings in force, including the shield
 * @property {boolean} chat   false: only the creator and moderators may write
 * @property {number} slow    s between two messages of one person; 0: no slow mode
 * @property {boolean} followers_only
 * @property {boolean} known_only
 * @property {boolean} links  links in messages can be tapped
 * @property {boolean} joins  the chat says who joined
 * @property {ClipsSetting} clips
 * @property {boolean} auto_highlights  the best moments become clips when the live ends
 * @property {{on: boolean, until: number | null}} shield  `until`: ms since 1970
 *
 * @typedef {Partial<Pick<ChatSettings,
 *   'chat' | 'slow' | 'followers_only' | 'links' | 'joins' | 'clips' | 'auto_highlights'>> &
 *   {title?: string, visibility?: 'public' | 'unlisted' | 'private'}} RoomChanges
 *
 * @typedef {object} HeldMessage
 * @property {number} n
 * @property {Person} person
 * @property {string} text
 * @property {'word' | 'link'} reason
 * @property {string} matched  the listed word that the message contains; '' for a link
 *
 * @typedef {object} RoomReport
 * @property {string} id
 * @property {'message' | 'person' | 'room'} kind
 * @property {string} reason
 * @property {string} text
 * @property {'open' | 'decided'} state
 * @property {'removed' | 'muted' | 'banned' | 'dismissed' | null} decision
 * @property {string} note
 * @property {string | null} answer
 * @property {{n: number, text: string} | null} message
 * @property {Person | null} person  the reported person
 * @property {number} at Unix seconds
 *
 * @typedef {object} LogEntry
 * @property {number} n
 * @property {number} at Unix seconds
 * @property {Person | null} moderator  null if the creator acted with the creator key
 * @property {string} action
 * @property {string} target  id of a person, a report or a link, or number of a message
 * @property {Person | null} person  whom the action concerns
 * @property {string} detail
 */
import { RoomApi } from '../api/room_api.js';

export class ModerationApi extends RoomApi {
  /**
   * @param {RoomChanges} changes
   * @returns {Promise<ChatSettings>}
   */
  async change(changes) {
    return (await this.send('', 'PATCH', changes)).settings;
  }

  /** @returns {Promise<ChatSettings>} */
  settings() {
    return this.send('/settings');
  }

  /** @param {number} n */
  remove(n) {
    return this.send(`/messages/${n}`, 'DELETE');
  }

  /** @param {number} n */
  restore(n) {
    return this.send(`/messages/${n}/restore`, 'POST', {});
  }

  /** @param {number | null} n  number of the message to pin; null unpins the pinned message */
  pin(n) {
    return n === null ? this.send('/pin', 'DELETE') : this.send('/pin', 'PUT', { message: n });
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

  /** @returns {Promise<Person[]>} */
  async moderators() {
    return (await this.send('/moderators')).moderators;
  }

  /** @returns {Promise<{person: Person, until: number}[]>} */
  async mutes() {
    return (await this.send('/mutes')).mutes;
  }

  /** @returns {Promise<{person: Person, for_good: boolean}[]>} */
  async bans() {
    return (await this.send('/bans')).bans;
  }

  /** @returns {Promise<string[]>} */
  async words() {
    return (await this.send('/words')).words;
  }

  /** @param {string[]} words */
  setWords(words) {
    return this.send('/words', 'PUT', { words });
  }

  /**
   * @param {boolean} on
   * @returns {Promise<ChatSettings>}
   */
  shield(on) {
    return on ? this.send('/shield', 'PUT', {}) : this.send('/shield', 'DELETE');
  }

  /** @returns {Promise<HeldMessage[]>} */
  async held() {
    return (await this.send('/held')).messages;
  }

  /**
   * @param {number} n
   * @param {boolean} shown  whether to show the message; if false, the message is rejected
   */
  decideHeld(n, shown) {
    return this.send(`/held/${n}`, shown ? 'POST' : 'DELETE', shown ? {} : undefined);
  }

  /** @returns {Promise<RoomReport[]>} */
  async reports() {
    return (await this.send('/reports')).reports;
  }

  /**
   * Records the decision. The action itself, for example a ban, needs its own request.
   * @param {string} report
   * @param {'removed' | 'muted' | 'banned' | 'dismissed'} decision
   */
  decide(report, decision) {
    return this.send(`/reports/${encodeURIComponent(report)}`, 'PUT', { decision });
  }

  /** @returns {Promise<LogEntry[]>} the newest first */
  async log() {
    return (await this.send('/log')).log;
  }

  /**
   * @param {string} list
   * @param {string} person
   * @param {object | null} body  null removes the person from the list
   */
  #person(list, person, body) {
    const path = `/${list}/${encodeURIComponent(person)}`;
    return body ? this.send(path, 'PUT', body) : this.send(path, 'DELETE');
  }
}
