// A store in memory, as page/store.js stores in the browser.
export function fakeStore(values = {}) {
  const kept = new Map(Object.entries(values));
  return {
    recall: (name) => kept.get(name) ?? null,
    keep: (name, value) => (value === null ? kept.delete(name) : kept.set(name, value)),
    kept,
  };
}
