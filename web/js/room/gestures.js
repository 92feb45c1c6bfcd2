/** Recognises a tap or a long press on the viewport, but not on the controls above it. */
const LONG = 550; // ms
const STRAY = 12; // px

export class Gestures {
  #environment;
  #timer = 0;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} viewport
   * @param {{tap: () => void, hold: () => void}} actions
   * @param {Readonly<import('../page/environment.js').Environment>} environment
   */
  constructor(viewport, { tap, hold }, environment) {
    this.#environment = environment;
    const { signal } = this.#listening;
    let [x, y] = [0, 0];
    viewport.addEventListener(
      'pointerdown',
      (event) => {
        if (
          event.button !== 0 ||
          /** @type {Element} */ (event.target).closest('a, button, dl, section')
        )
          return;
        [x, y] = [event.clientX, event.clientY];
        this.#cancel();
        this.#timer = environment.setTimeout(() => {
          this.#timer = 0;
          hold();
        }, LONG);
      },
      { signal },
    );
    viewport.addEventListener(
      'pointermove',
      (event) => {
        if (Math.hypot(event.clientX - x, event.clientY - y) > STRAY) this.#cancel();
      },
      { signal },
    );
    viewport.addEventListener('pointercancel', () => this.#cancel(), { signal });
    viewport.addEventListener(
      'pointerup',
      () => {
        if (!this.#timer) return;
        this.#cancel();
        tap();
      },
      { signal },
    );
    // A long press on a touch screen would open the browser's own menu.
    viewport.addEventListener(
      'contextmenu',
      (event) => {
        if (/** @type {PointerEvent} */ (event).pointerType === 'touch') event.preventDefault();
      },
      { signal },
    );
  }

  close() {
    this.#cancel();
    this.#listening.abort();
  }

  #cancel() {
    this.#environment.clearTimeout(this.#timer);
    this.#timer = 0;
  }
}
