/**
 * Replaces lost tracks of the camera and the microphone. A device is lost when a phone call or
 * another app takes the device, or when the device is unplugged. The track then ends, is muted, or
 * (on iOS) claims to be live but produces nothing. Only a new track helps. The browser may not
 * provide a new track at once, so `Revival` repeats the request. This module uses no DOM.
 *
 * @typedef {'well' | 'taking' | 'denied' | 'missing' | 'busy'} Condition what the creator sees;
 *   `taking`: a new track is requested
 *
 * @typedef {import('./revival_state.js').State} State
 * @typedef {import('./revival_state.js').Event} Event
 */
import { BROWSER } from '../page/environment.js';
import { CameraError } from './camera.js';
import { RevivalEvent, RevivalState, TRANSITIONS } from './revival_state.js';

const PAUSES = [0, 500, 1_000, 2_000, 3_000]; // ms before each attempt; the last pause repeats
const STEADY = 5_000; // ms without a loss after which the next loss uses the first pause

export class Revival {
  /** @type {Condition} */
  condition = 'well';
  /** @type {'camera' | 'microphone'} the device that `condition` describes */
  lacking = 'camera';
  #camera;
  #changed;
  #environment;
  /** @type {State} */
  #state = RevivalState.WELL;
  #attempts = 0;
  #timer = 0;
  #revivedAt = -Infinity;

  /**
   * @param {Pick<import('./camera.js').Camera, 'loss' | 'recover'>} camera
   * @param {(condition: Condition, before: Condition) => void} changed
   * @param {import('../page/environment.js').Environment} [environment]
   */
  constructor(camera, changed, environment = BROWSER) {
    this.#camera = camera;
    this.#changed = changed;
    this.#environment = environment;
  }

  get state() {
    return this.#state;
  }

  close() {
    this.#happen(RevivalEvent.CLOSE);
  }

  /** Reads the state of the tracks. Call this when a track may have changed. */
  look() {
    const now = this.#environment.now();
    const { lost, certainAt } = this.#camera.loss(now);
    if (!lost) this.#happen(RevivalEvent.FOUND_WELL);
    else if (certainAt > now) this.#happen(RevivalEvent.FOUND_MUTE, certainAt - now);
    else {
      if (this.#state !== RevivalState.ASKING) this.lacking = lost;
      this.#happen(RevivalEvent.FOUND_LOST);
    }
  }

  /** Starts the next attempt to replace a lost track now. */
  retry() {
    this.#attempts = 0;
    this.#happen(RevivalEvent.RETRY);
  }

  /**
   * Handles an event. No other method changes the state.
   * @param {Event} event
   * @param {number} [wait] ms until a muted track counts as lost
   */
  #happen(event, wait = 0) {
    const state = TRANSITIONS[this.#state][event];
    if (!state) return;
    this.#state = state;
    this.#environment.clearTimeout(this.#timer);
    switch (state) {
      case RevivalState.WELL:
        return this.#show('well');
      case RevivalState.CHECKING:
        if (event === RevivalEvent.FOUND_MUTE)
          this.#timer = this.#environment.setTimeout(() => this.look(), wait);
        else this.look();
        return;
      case RevivalState.WAITING:
        if (this.condition === 'well') {
          if (this.#environment.now() - this.#revivedAt > STEADY) this.#attempts = 0;
          this.#show('taking');
        }
        this.#timer = this.#environment.setTimeout(
          () => this.#happen(RevivalEvent.DUE),
          PAUSES[Math.min(this.#attempts, PAUSES.length - 1)] ?? 0,
        );
        return;
      case RevivalState.ASKING:
        this.#ask();
        return;
      case RevivalState.DENIED:
        return this.#show('denied');
    }
  }

  async #ask() {
    this.#attempts++;
    /** @type {Condition} */
    let failure = 'taking';
    try {
      await this.#camera.recover();
      this.#revivedAt = this.#environment.now();
    } catch (error) {
      failure = error instanceof CameraError ? error.reason : 'busy';
    }
    if (this.#state !== RevivalState.ASKING) return;
    if (failure === 'denied') return this.#happen(RevivalEvent.REFUSED);
    if (failure !== 'taking') this.#show(failure);
    this.#happen(RevivalEvent.ANSWERED);
  }

  /** @param {Condition} condition */
  #show(condition) {
    const before = this.condition;
    if (condition === before) return;
    this.condition = condition;
    this.#changed(condition, before);
  }
}
