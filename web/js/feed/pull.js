/**
 * Pull to refresh: a finger that pulls the first page down reads the feed again. `close` releases
 * everything.
 */
const FAR = 84; // px of the finger after which letting go refreshes
const RESISTANCE = 0.45; // the sign moves less than the finger

export class Pull {
  #sign;
  #from = NaN;
  #pulled = 0;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} deck
   * @param {HTMLElement} sign  moves with the finger
   * @param {{possible: () => boolean, refresh: () => void}} listener
   */
  constructor(deck, sign, { possible, refresh }) {
    this.#sign = sign;
    const options = { signal: this.#listening.signal, passive: true };
    deck.addEventListener(
      'touchstart',
      ({ touches }) => {
        const [only, other] = touches;
        this.#from = only && !other && possible() ? only.clientY : NaN;
      },
      options,
    );
    deck.addEventListener('touchmove', ({ touches: [touch] }) => this.#move(touch), options);
    const end = () => {
      if (this.#pulled >= FAR) refresh();
      this.#from = NaN;
      this.#place(0);
    };
    deck.addEventListener('touchend', end, options);
    deck.addEventListener('touchcancel', () => this.#place(0), options);
  }

  close() {
    this.#listening.abort();
  }

  /** @param {Touch | undefined} touch */
  #move(touch) {
    if (touch && !Number.isNaN(this.#from)) this.#place(Math.max(0, touch.clientY - this.#from));
  }

  /** @param {number} pulled  px */
  #place(pulled) {
    this.#pulled = pulled;
    this.#sign.classList.toggle('pulled', pulled > 8);
    this.#sign.classList.toggle('far', pulled >= FAR);
    this.#sign.style.setProperty('--pulled', `${Math.min(pulled, 2 * FAR) * RESISTANCE}px`);
  }
}
