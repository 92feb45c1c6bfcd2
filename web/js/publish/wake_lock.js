/** Keeps the screen on while held. Browsers drop the lock when the page is hidden; it is asked for again when it is seen. */
export class WakeLock {
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;
  #wanted = false;
  #seen = () => {
    if (this.#wanted && document.visibilityState === 'visible') this.#request();
  };

  hold() {
    if (this.#wanted) return;
    this.#wanted = true;
    document.addEventListener('visibilitychange', this.#seen);
    this.#request();
  }

  close() {
    this.#wanted = false;
    document.removeEventListener('visibilitychange', this.#seen);
    this.#sentinel?.release().catch(() => {});
    this.#sentinel = null;
  }

  async #request() {
    try {
      const sentinel = await navigator.wakeLock?.request('screen');
      if (this.#wanted) this.#sentinel = sentinel ?? null;
      else await sentinel?.release();
    } catch {
      // Low battery or an old browser: the screen may go dark, the live goes on when it is lit again.
    }
  }
}
