// Counts what a page's scripts have started but not ended: timers, connections, workers, audio
// contexts and listeners.
(() => {
  const timeouts = new Set();
  const intervals = new Set();
  const listeners = new Map(); // key → how many
  const { setTimeout, clearTimeout, setInterval, clearInterval } = window;

  window.setTimeout = (callback, ms, ...values) => {
    const id = setTimeout(() => {
      timeouts.delete(id);
      callback(...values);
    }, ms);
    timeouts.add(id);
    return id;
  };
  window.setInterval = (...all) => {
    const id = setInterval(...all);
    intervals.add(id);
    return id;
  };
  // clearTimeout() also ends an interval, and clearInterval() a timeout (HTML, "timers").
  const clear = (id) => {
    timeouts.delete(id);
    intervals.delete(id);
  };
  window.clearTimeout = (id) => (clear(id), clearTimeout(id));
  window.clearInterval = (id) => (clear(id), clearInterval(id));

  /**
   * Replaces the global class `name` by a subclass that records its objects. Returns the set of all
   * objects on which the method named `end` has not been called yet.
   */
  const counted = (name, end) => {
    const open = new Set();
    window[name] = class extends window[name] {
      constructor(...all) {
        super(...all);
        open.add(this);
      }

      [end](...all) {
        open.delete(this);
        return super[end](...all);
      }
    };
    return open;
  };
  const sockets = counted('WebSocket', 'close');
  const eventSources = counted('EventSource', 'close');
  const peerConnections = counted('RTCPeerConnection', 'close');
  const audioContexts = counted('AudioContext', 'close');
  const workers = counted('Worker', 'terminate');

  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const numbers = new WeakMap();
  let next = 0;
  const number = (object) => numbers.get(object) ?? (numbers.set(object, ++next), next);
  const drop = (key) => listeners.delete(key);
  EventTarget.prototype.addEventListener = function (type, listener, options = {}) {
    const {
      once = false,
      signal = null,
      capture = options === true,
    } = typeof options === 'object' ? options : {};
    const key = `${number(this ?? window)} ${type} ${number(listener)} ${capture}`;
    if (signal?.aborted) return;
    listeners.set(key, `${(this ?? window).constructor.name} ${type}`);
    if (signal) addEventListener.call(signal, 'abort', () => drop(key), { once: true });
    if (once) addEventListener.call(this ?? window, type, () => drop(key), { once: true });
    addEventListener.call(this ?? window, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options = {}) {
    const { capture = options === true } = typeof options === 'object' ? options : {};
    if (listener) drop(`${number(this ?? window)} ${type} ${number(listener)} ${capture}`);
    removeEventListener.call(this ?? window, type, listener, options);
  };

  const count = () => ({
    timeouts: timeouts.size,
    intervals: intervals.size,
    sockets: sockets.size,
    eventSources: eventSources.size,
    peerConnections: peerConnections.size,
    audioContexts: audioContexts.size,
    workers: workers.size,
    listeners: listeners.size,
  });
  window.resources = {
    count,
    isSteady: () => timeouts.size === 0,
    isEmpty: () => Object.values(count()).every((left) => left === 0),
    equal: (wanted) => Object.entries(count()).every(([name, left]) => left === wanted[name]),
    listeners: () => [...listeners.values()].sort(),
  };
})();
