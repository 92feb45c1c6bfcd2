/**
 * Keeps the screen on. Browsers release the lock when the page is hidden, so this class requests
 * the lock again when the page is visible.
 */
export class WakeLock {
  #lock;
  #document;
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;
  #held = false;
  #visible = () => {
    if (this.#document.visibilityState === 'visible') this.#request();
  };

  /**
   * @param {Navigator['wakeLock'] | undefined} [lock] undefined in browsers without wake locks
   * @param {Document} [page]
   */
  constructor(lock = navigator.wakeLock, page = document) {
    this.#lock = lock;
    this.#document = page;
  }

  hold() {
    if (this.#held) return;
    this.#held = true;
    this.#document.addEventListener('visibilitychange', this.#visible);
    this.#request();
  }

  close() {
    this.#held = false;
    this.#document.removeEventListener('visibilitychange', this.#visible);
    this.#sentinel?.release().catch(() => {});
    this.#sentinel = null;
  }

  async #request() {
    try {
      const sentinel = await this.#lock?.request('screen');
      if (this.#held) this.#sentinel = sentinel ?? null;
      else await sentinel?.release();
    } catch {
      // Browsers refuse the lock on a low battery. The screen may then turn off; the live continues
      // when it is on again.
    }
  }
}
