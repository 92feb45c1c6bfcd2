/**
 * Passes each event of a room to the listener exactly once. The events come from the WebSocket's
 * records, or from server-sent events while WebSockets are blocked. This module uses no DOM and no
 * player.
 */
import { readEvent } from './record.js';

/** @typedef {import('./event_stream.js').EventStream} EventStream */

export class EventFeed {
  #handle;
  #make;
  /**
   * The stream of server-sent events. It exists from the first refused WebSocket until a WebSocket
   * opens.
   * @type {EventStream | null}
   */
  #stream = null;
  /** @type {'visible' | 'hidden' | 'closed'} */
  #state = 'visible';
  #hellos = 0;
  #channel = '';
  /**
   * Number of the last event received from the channel; null before the first event.
   * @type {number | null}
   */
  #last = null;

  /**
   * @param {(event: any) => void} handle
   * @param {(listener: Pick<import('./event_stream.js').EventStreamListener, 'hello' | 'event'>) =>
   *   Promise<EventStream>} make
   */
  constructor(handle, make) {
    this.#handle = handle;
    this.#make = make;
  }

  /**
   * Ends the server-sent events, because a WebSocket has opened.
   * @param {{channel: string}} hello
   */
  hello({ channel }) {
    this.#hellos++;
    this.#stream?.close();
    this.#stream = null;
    this.#enter(channel);
  }

  /**
   * Passes an event to the listener. The event arrived as a record of the WebSocket.
   * @param {import('./record.js').MediaRecord} record
   */
  record({ sequence, body }) {
    this.#receive(sequence, readEvent(body));
  }

  /**
   * Receives the events as server-sent events. Call this if the server answers but WebSockets are
   * refused.
   */
  async listenWithoutWebSocket() {
    const hellos = this.#hellos;
    const made =
      this.#stream ??
      (await this.#make({
        hello: ({ channel }) => this.#enter(channel),
        event: (event, sequence) => this.#receive(sequence, event),
      }));
    // A WebSocket may have opened during the wait.
    if (this.#state === 'closed' || hellos !== this.#hellos) return;
    this.#stream ??= made;
    if (this.#state === 'visible') this.#stream.open();
  }

  /**
   * Sends a notice by HTTP. Returns false if the WebSocket is in use instead.
   * @param {object} notice
   */
  send(notice) {
    this.#stream?.send(notice);
    return this.#stream !== null;
  }

  /** Stops the server-sent events. Call this when the page is hidden. */
  suspend() {
    if (this.#state === 'visible') this.#state = 'hidden';
    this.#stream?.close();
  }

  /**
   * Opens the server-sent events again. Call this when the page is visible again: a network that
   * has blocked WebSockets probably continues to block them.
   */
  resume() {
    if (this.#state === 'closed') return;
    this.#state = 'visible';
    this.#stream?.open();
  }

  close() {
    this.#state = 'closed';
    this.#stream?.close();
  }

  /** @param {string} channel */
  #enter(channel) {
    if (channel === this.#channel) return;
    this.#channel = channel;
    this.#last = null;
  }

  /**
   * @param {number} sequence mod 2³²
   * @param {any} event
   */
  #receive(sequence, event) {
    if (this.#state === 'closed') return;
    if (this.#last !== null && ((sequence - this.#last) | 0) <= 0) return;
    this.#last = sequence;
    this.#handle(event);
  }
}
