/**
 * Tells when the device has probably moved to another network.
 *
 * Only Chromium on Android reports the type of the network. In the other browsers, a move often
 * takes the page offline for a moment.
 */
export class NetworkWatch {
  #listening = new AbortController();

  /** @param {() => void} moved */
  constructor(moved) {
    const { signal } = this.#listening;
    for (const change of ['online', 'offline']) window.addEventListener(change, moved, { signal });
    const connection = /** @type {any} */ (navigator).connection;
    let type = connection?.type;
    // Most changes are new estimates of the same network's capacity.
    const changed = () => {
      if (connection.type === type) return;
      type = connection.type;
      moved();
    };
    connection?.addEventListener?.('change', changed, { signal });
  }

  close() {
    this.#listening.abort();
  }
}
