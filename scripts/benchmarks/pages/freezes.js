/**
 * Records the time at which each frame appeared on the screen. `freezes.take()` returns the times
 * in ms since 1970.
 */
(() => {
  const moments = [];
  let known = null;
  const next = (video) =>
    video.requestVideoFrameCallback(
      (now) => (moments.push(performance.timeOrigin + now), next(video)),
    );
  const find = () => {
    requestAnimationFrame(find);
    const video = document.querySelector('video');
    if (video && video !== known) next((known = video));
  };
  requestAnimationFrame(find);
  const error = () => document.querySelector('video')?.error?.message ?? '';
  Object.assign(window, { freezes: { take: () => moments.splice(0), error } });
})();
