/** Keeps what the watch page reports about its playback, five times a second. */
(() => {
  const EVERY = 200; // ms
  const MOST = 1_500; // entries; five minutes
  const entries = [];
  setInterval(() => {
    const { player, behindLens, lag, target, stalls, frames, sound } = window.microlive.stats();
    if (entries.length < MOST)
      entries.push({
        ...{ at: performance.now(), player, lag, target, stalls, frames },
        behind: behindLens,
        dry: sound?.dry ?? 0,
      });
  }, EVERY);
  window.playbackLog = { take: () => entries.splice(0), now: () => performance.now() };
})();
