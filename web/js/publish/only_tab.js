const LOCK = 'microlive.publishing';

/**
 * Lets only one tab of a browser publish at a time, because two tabs with the same key would
 * replace each other's session again and again. The newest tab wins.
 * @param {() => void} lost called in the tab that published before
 * @param {LockManager | undefined} [locks] undefined in browsers without Web Locks
 * @returns {() => void} a function that ends this tab's claim
 */
export function claimOnlyTab(lost, locks = navigator.locks) {
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  locks?.request(LOCK, { steal: true }, () => held).catch(lost);
  return release;
}
