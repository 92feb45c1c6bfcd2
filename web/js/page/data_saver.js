/**
 * Whether the viewer saves data: the browser asks for less data, or the connection is metered.
 * Browsers without the Network Information API do not say so.
 * @param {Navigator} [navigator]
 * @returns {boolean}
 */
export function savesData(navigator = globalThis.navigator) {
  /** @type {{saveData?: boolean, type?: string} | undefined} */
  const connection = /** @type {any} */ (navigator).connection;
  return connection?.saveData === true || connection?.type === 'cellular';
}
