/**
 * One tab of a browser publishes at a time: two with the same key would take the room from each other for ever.
 * The newest wins; `lost` is called in the one that had it.
 * @param {() => void} lost
 * @returns {() => void} lets go
 */
export function claimOnlyTab(lost) {
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  navigator.locks?.request('microlive.publishing', { steal: true }, () => held).catch(lost);
  return release;
}
