/**
 * Keeps the message field above the on-screen keyboard without moving the picture: the layout keeps
 * its size, and only the chat is lifted by the height of the keyboard.
 */
const KEYBOARD = 120; // px; minimum height of a keyboard; a bar of the browser is lower

export class Keyboard {
  #root;
  #listening = new AbortController();

  /** @param {HTMLElement} root  gets the CSS variables `--keyboard` and `--pan`, px */
  constructor(root) {
    this.#root = root;
    const viewport = globalThis.visualViewport;
    if (!viewport) return;
    const options = { signal: this.#listening.signal };
    viewport.addEventListener('resize', () => this.#follow(viewport), options);
    viewport.addEventListener('scroll', () => this.#follow(viewport), options);
  }

  close() {
    this.#listening.abort();
  }

  /** @param {VisualViewport} viewport */
  #follow({ height, offsetTop, scale }) {
    const covered = liftOf({ height, offsetTop, scale, window: innerHeight });
    this.#root.style.setProperty('--keyboard', `${covered}px`);
    // Safari moves the visible part of the page to the field. Move the picture by the same
    // distance.
    this.#root.style.setProperty('--pan', `${covered ? Math.round(offsetTop) : 0}px`);
    this.#root.classList.toggle('typing', covered > 0);
  }
}

/**
 * Returns how much of the window the keyboard covers, px. Pure.
 * @param {{height: number, offsetTop: number, scale: number, window: number}} viewport
 */
export function liftOf({ height, scale, window }) {
  if (scale > 1.05) return 0; // the reader has zoomed in
  const covered = Math.round(window - height);
  return covered >= KEYBOARD ? covered : 0;
}
