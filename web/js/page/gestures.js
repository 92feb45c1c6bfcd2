/**
 * Recognises taps, double taps and long presses on an element, but not on the controls inside this
 * element. A tap is reported at once if `urgent` returns true or there is no action for double
 * taps. In all other cases, the tap is reported when it is too late for a second tap. A right click
 * and the menu key count as a long press.
 *
 * @typedef {object} GestureActions
 * @property {(x: number, y: number) => void} [tap]  px in the window
 * @property {(x: number, y: number) => void} [doubleTap]  the second and each further tap of a
 *   quick series
 * @property {(target: Element) => boolean | void} [hold]  returns false if a long press has no
 *   effect here
 * @property {() => boolean} [urgent]  whether a tap must not wait for a second tap
 */
const LONG = 480; // ms
const SERIES = 280; // maximum time between two taps of a double tap, ms
const STRAY = 12; // px
const CONTROLS = 'a, button, input, select, textarea, dl, section, dialog';

export class Gestures {
  #actions;
  #environment;
  #controls;
  #pressing = 0;
  #waiting = 0;
  #tappedAt = -Infinity;
  #held = false;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} element
   * @param {GestureActions} actions
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   * @param {string} [controls]  selector of the controls in `element`; taps on them are no gestures
   */
  constructor(element, actions, environment, controls = CONTROLS) {
    this.#actions = actions;
    this.#environment = environment;
    this.#controls = controls;
    const options = { signal: this.#listening.signal };
    let [x, y] = [0, 0];
    element.addEventListener(
      'pointerdown',
      (event) => {
        if (event.button !== 0 || !this.#mine(element, event)) return;
        [x, y] = [event.clientX, event.clientY];
        this.#press(/** @type {Element} */ (event.target));
      },
      options,
    );
    element.addEventListener(
      'pointermove',
      (event) => {
        if (Math.hypot(event.clientX - x, event.clientY - y) > STRAY) this.#cancel();
      },
      options,
    );
    element.addEventListener('pointercancel', () => this.#cancel(), options);
    element.addEventListener(
      'pointerup',
      ({ timeStamp }) => this.#release(x, y, timeStamp),
      options,
    );
    element.addEventListener('contextmenu', (event) => this.#openMenu(element, event), options);
    // After a long press, the browser may still send a click to the element that is now under the
    // finger, such as a button of the sheet that the press has opened.
    window.addEventListener('pointerdown', () => (this.#held = false), {
      ...options,
      capture: true,
    });
    window.addEventListener('click', (event) => this.#swallow(event), {
      ...options,
      capture: true,
    });
  }

  close() {
    this.#cancel();
    this.#environment.clearTimeout(this.#waiting);
    this.#listening.abort();
  }

  /**
   * @param {HTMLElement} element
   * @param {Event} event
   */
  #mine(element, event) {
    const control = this.#controls
      ? /** @type {Element} */ (event.target).closest(this.#controls)
      : null;
    return !control || control === element || control.contains(element);
  }

  /**
   * @param {HTMLElement} element
   * @param {MouseEvent} event
   */
  #openMenu(element, event) {
    if (!this.#mine(element, event)) return;
    const { pointerType } = /** @type {PointerEvent} */ (event);
    const { hold } = this.#actions;
    // A long press on a touch screen would open the browser's own menu, too.
    if (pointerType === 'touch') return event.preventDefault();
    // True for a long press of a finger if the browser does not report `touch` as `pointerType`.
    const pressed = this.#pressing !== 0;
    this.#cancel();
    if (!hold || hold(/** @type {Element} */ (event.target)) === false) return;
    this.#held = pressed;
    event.preventDefault();
  }

  /** @param {MouseEvent} click */
  #swallow(click) {
    if (!this.#held || !click.detail) return; // a click by a key or a screen reader has detail 0
    this.#held = false;
    click.preventDefault();
    click.stopImmediatePropagation();
  }

  /** @param {Element} target */
  #press(target) {
    this.#cancel();
    this.#pressing = this.#environment.setTimeout(() => {
      this.#pressing = 0;
      this.#held = Boolean(this.#actions.hold) && this.#actions.hold?.(target) !== false;
    }, LONG);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} at  ms at which the finger left the screen; a busy page gets the event later
   */
  #release(x, y, at) {
    if (!this.#pressing) return;
    this.#cancel();
    const series = at - this.#tappedAt <= SERIES && this.#actions.doubleTap;
    this.#tappedAt = at;
    this.#environment.clearTimeout(this.#waiting);
    if (series) return series(x, y);
    const tap = () => this.#actions.tap?.(x, y);
    if (!this.#actions.doubleTap || this.#actions.urgent?.()) tap();
    else this.#waiting = this.#environment.setTimeout(tap, SERIES);
  }

  #cancel() {
    this.#environment.clearTimeout(this.#pressing);
    this.#pressing = 0;
  }
}
